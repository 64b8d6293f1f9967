package dev.perigee.contract;

import java.util.List;
import java.util.Set;

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
   * @param features kinds of message that it understands beyond those that every node does
   * @param geo the kinds of GeoIP databases that it takes, with the version it has
   */
  record Hello(
      String node,
      String build,
      long lastRevision,
      long lastPurge,
      String logId,
      Set<String> features,
      List<GeoHolding> geo)
      implements FromEdge {
    /** The feature of a node that takes {@link FromControl.WarmUp}. */
    public static final String WARM_UP = "warm-up";

    /** The feature of a node that takes {@link FromControl.Replicas}. */
    public static final String REPLICAS = "replicas";

    /** The feature of a node that drops a GeoIP database when there is none any more. */
    public static final String GEO_NONE = "geo-none";

    /** The feature of a node that takes {@link FromControl.TicketKeys}. */
    public static final String TICKETS = "tickets";

    /** The feature of a node that takes {@link FromControl.Trust}. */
    public static final String TRUST = "trust";

    /** The feature of a node that takes {@link FromControl.AcmeTokens}. */
    public static final String ACME = "acme";

    /** The feature of a node that knows of {@link SiteConfig#clientCertificates}. */
    public static final String CLIENT_CERTIFICATES = "client-certificates";

    public Hello {
      features = Set.copyOf(features);
      geo = List.copyOf(geo);
    }
  }

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

  /** The tokens of certificate authorities up to this number are answered from now on. */
  record TokensHeld(long through) implements FromEdge {}

  /**
   * Sent every second or so.
   *
   * @param load 0 idle to 1 full
   * @param geo the GeoIP databases that serve
   * @param origins how the origins of some sites are doing: of all in turn
   * @param traffic what readers were answered since the last one, of some sites that had any
   */
  record Heartbeat(
      long revision,
      long purge,
      double requestsPerSecond,
      long openConnections,
      double load,
      boolean healthy,
      String healthDetail,
      List<GeoHolding> geo,
      List<OriginHealth> origins,
      List<SiteTraffic> traffic)
      implements FromEdge {
    public Heartbeat {
      geo = List.copyOf(geo);
      origins = List.copyOf(origins);
      traffic = List.copyOf(traffic);
    }

    /** One that says nothing of traffic. */
    public Heartbeat(
        long revision,
        long purge,
        double requestsPerSecond,
        long openConnections,
        double load,
        boolean healthy,
        String healthDetail,
        List<GeoHolding> geo,
        List<OriginHealth> origins) {
      this(
          revision,
          purge,
          requestsPerSecond,
          openConnections,
          load,
          healthy,
          healthDetail,
          geo,
          origins,
          List.of());
    }

    /** One that says nothing of databases and origins. */
    public Heartbeat(
        long revision,
        long purge,
        double requestsPerSecond,
        long openConnections,
        double load,
        boolean healthy,
        String healthDetail) {
      this(
          revision,
          purge,
          requestsPerSecond,
          openConnections,
          load,
          healthy,
          healthDetail,
          List.of(),
          List.of());
    }
  }

  /**
   * What became of what was sent of a GeoIP database.
   *
   * @param received bytes written so far
   * @param reason why it was torn or refused; empty else
   */
  record GeoReport(GeoKind kind, String version, GeoOutcome outcome, long received, String reason)
      implements FromEdge {}

  /**
   * What became of one {@link FromControl.WarmUp}.
   *
   * @param through place behind its last URL in the job's list
   * @param hits were cached already
   * @param stored are cached now
   * @param passed were answered by the origin and are not kept
   * @param failed got an error or no answer
   * @param failures some of those that failed, each a URL and why
   */
  record Warmed(
      String job, int through, int hits, int stored, int passed, int failed, List<String> failures)
      implements FromEdge {
    public Warmed {
      failures = List.copyOf(failures);
    }
  }

  /** Whether the control plane lives; it answers with {@link FromControl.Pong}. */
  record Ping() implements FromEdge {}

  /**
   * What {@link FromControl.Trust} said is on the node's disk.
   *
   * @param authorities SHA-256 of their certificates, lower-case hexadecimal
   */
  record Trusted(List<String> authorities) implements FromEdge {
    public Trusted {
      authorities = List.copyOf(authorities);
      if (authorities.size() > Limits.AUTHORITIES) {
        throw new IllegalArgumentException(authorities.size() + " authorities are trusted");
      }
    }
  }

  /** How much is wanted of limits that all nodes share; answered by {@link FromControl.Shares}. */
  record Demands(List<Demand> demands) implements FromEdge {
    public Demands {
      demands = List.copyOf(demands);
      if (demands.size() > Limits.DEMANDS) {
        throw new IllegalArgumentException("more than " + Limits.DEMANDS + " demands");
      }
    }
  }

  /**
   * How much is wanted of one count of a limit.
   *
   * @param key a hash that stands for the count on every node; never 0
   * @param rate requests each second that all nodes together let in
   * @param burst requests that they let in at once
   * @param wanted requests each second at this node
   * @param letIn those of them that were let in
   */
  record Demand(long key, double rate, double burst, double wanted, double letIn) {
    /** Refuses what cannot be. */
    public Demand {
      boolean sound =
          key != 0
              && rate > 0
              && rate <= Limits.RATE_REQUESTS
              && burst >= 1
              && burst <= Limits.RATE_REQUESTS
              && wanted >= 0
              && letIn >= 0
              && Double.isFinite(wanted + letIn);
      if (!sound) {
        throw new IllegalArgumentException("a demand that cannot be");
      }
    }
  }

  /** How far a node came with a GeoIP database. */
  enum GeoOutcome {
    /** More may come. */
    TAKING,
    /** It serves. */
    TAKEN,
    /** It did not come whole, or there was no room: it may be sent anew. */
    TORN,
    /** The node does not want this version. */
    REFUSED
  }

  /** A site or certificate (by id) that the node did not take, and why. */
  record Refusal(String resource, String reason) {}
}
