package dev.perigee.edge.config;

import dev.perigee.contract.Purge;
import java.io.IOException;
import java.util.List;

/** The port to whoever journals purges and puts them in force: the store. */
public interface PurgeSink {
  /**
   * Journals the purges, synced, and puts them in force before it returns; those already applied
   * are passed over.
   *
   * @return number of the last purge in force
   * @throws IOException when the journal cannot be written: nothing may be acknowledged
   */
  long applyPurges(List<Purge> purges) throws IOException;

  /** Number of the last purge in force; 0 for none. */
  long lastPurge();

  /** Which change log the numbers count in; empty before the first contact. */
  String logId();

  /** Everything fetched before {@code purgedThrough}, or in another log, counts as hard-purged. */
  void adopt(String logId, long purgedThrough) throws IOException;
}
