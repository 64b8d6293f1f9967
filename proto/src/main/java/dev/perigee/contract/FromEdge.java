package dev.perigee.contract;

import java.util.List;

/** What an edge says on the sync stream. */
public sealed interface FromEdge {
  /**
   * The first message of a stream.
   *
   * @param node the node's name, as in its certificate
   * @param build version of the edge's software
   * @param lastRevision revision it serves, 0 for none
   * @param lastPurge last purge in its journal, 0 for none
   * @param logId which log those count in, empty for none
   */
  record Hello(String node, String build, long lastRevision, long lastPurge, String logId)
      implements FromEdge {}

  /** The update is in force, except for what was refused: those keep their last good. */
  record Ack(String nonce, long revision, List<Refusal> refusals) implements FromEdge {
    public Ack {
      refusals = List.copyOf(refusals);
    }
  }

  /** The update could not be read; nothing of it is in force. */
  record Nack(String nonce, long revision, List<String> problems) implements FromEdge {
    public Nack {
      problems = List.copyOf(problems);
    }
  }

  /** Every purge up to this number is journalled and in force. */
  record PurgeAck(long through) implements FromEdge {}

  /**
   * Sent every second or so.
   *
   * @param load 0 idle to 1 full
   */
  record Heartbeat(
      long revision,
      long purge,
      double requestsPerSecond,
      long openConnections,
      double load,
      boolean healthy,
      String healthDetail)
      implements FromEdge {}

  /** A site or certificate (by id) that the node did not take, and why. */
  record Refusal(String resource, String reason) {}
}
