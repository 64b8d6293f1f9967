package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import java.io.IOException;
import java.util.List;

/** The port to where purges are kept before they are acknowledged. */
interface Journal extends AutoCloseable {
  /**
   * Where it begins.
   *
   * @param logId which change log the numbers count in; empty for none yet
   * @param generation of the log, ascending: how many there were before it
   * @param base purges up to this number are not in the journal: nothing they cover is stored
   * @param storedFloor stamp before which nothing that was fetched counts
   */
  record Head(String logId, long generation, long base, long storedFloor) {
    /** Of a journal in which nothing ever was. */
    static final Head NONE = new Head("", 0, 0, 0);
  }

  Head head();

  /** Whether it should begin anew. */
  boolean isFull();

  /** Kept when this returns. */
  void append(List<Purge> purges) throws IOException;

  /** Begins anew, with these purges and no others. */
  void restart(Head head, List<Purge> kept) throws IOException;

  @Override
  void close() throws IOException;
}
