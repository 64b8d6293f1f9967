package dev.perigee.control.acme;

import dev.perigee.contract.AcmeToken;
import dev.perigee.contract.FromControl;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.StoreException;
import dev.perigee.control.tls.ChallengeAnswers;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is answered to authorities, as the database said last: by edges, for all their streams, or
 * by control planes themselves.
 */
public final class LiveTokens implements ChallengeAnswers, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LiveTokens.class);
  private static final OutageLog UNREAD =
      new OutageLog(LOG, "certificate authorities are answered as before");
  private static final long LOOK_MILLIS = 1_000;
  private static final long PAUSE_MILLIS = 50;

  private final AcmeStore store;
  private final LogNumbers numbers;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread = Thread.ofVirtual().name("acme-tokens").unstarted(this::run);
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

  /** The same, without waiting for the first answer. */
  public void follow() {
    thread.start();
  }

  @Override
  public Optional<String> answer(String host, String path) {
    if (!path.startsWith(AcmeToken.PATH)) {
      return Optional.empty();
    }
    String token = path.substring(AcmeToken.PATH.length());
    return tokens.tokens().stream()
        .filter(one -> one.token().equals(token) && one.host().equals(host))
        .map(AcmeToken::keyAuthorization)
        .findFirst();
  }

  /** What edges are to answer. */
  public FromControl.AcmeTokens get() {
    return tokens;
  }

  private void run() {
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
