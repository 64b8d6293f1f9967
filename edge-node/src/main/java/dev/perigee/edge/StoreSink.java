package dev.perigee.edge;

import dev.perigee.contract.Purge;
import dev.perigee.edge.config.PurgeSink;
import dev.perigee.edge.store.ChronicleResponseStore;
import java.io.IOException;
import java.util.List;

/** The store as the sync stream sees it. */
record StoreSink(ChronicleResponseStore store, Runnable applied) implements PurgeSink {
  @Override
  public long applyPurges(List<Purge> purges) throws IOException {
    long last = store.applyPurges(purges);
    applied.run();
    return last;
  }

  @Override
  public long lastPurge() {
    return store.lastPurge();
  }

  @Override
  public String logId() {
    return store.logId();
  }

  @Override
  public void adopt(String logId, long purgedThrough) throws IOException {
    store.adopt(logId, purgedThrough);
  }
}
