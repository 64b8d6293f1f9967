package dev.perigee.control.acme;

import dev.perigee.contract.FromControl;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.StoreException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What edges answer to authorities, as the database said last, for all streams of edges. */
public final class LiveTokens implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LiveTokens.class);
  private static final OutageLog UNREAD =
      new OutageLog(LOG, "edges answer certificate authorities as before");
  private static final long LOOK_MILLIS = 1_000;
  private static final long PAUSE_MILLIS = 50;

  private final AcmeStore store;
  private final LogNumbers numbers;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread = Thread.ofVirtual().name("acme-tokens").unstarted(this::follow);
  private volatile FromControl.AcmeTokens tokens = new FromControl.AcmeTokens(List.of(), 0);

  public LiveTokens(AcmeStore store, LogNumbers numbers) {
    this.store = store;
    this.numbers = numbers;
  }

  /** Asks the database now, then after each commit and once a second. */
  public void start() {
    look();
    thread.start();
  }

  /** What edges are to answer. */
  public FromControl.AcmeTokens get() {
    return tokens;
  }

  private void follow() {
    try {
      long seen = numbers.generation();
      do {
        numbers.await(seen, LOOK_MILLIS);
        seen = numbers.generation();
        look();
      } while (!closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() {
    try {
      FromControl.AcmeTokens now = store.tokens();
      if (!now.equals(tokens)) {
        tokens = now;
        numbers.stir();
      }
    } catch (StoreException e) {
      UNREAD.failed(e);
    }
  }

  @Override
  public void close() {
    closed.countDown();
    thread.interrupt();
  }
}
