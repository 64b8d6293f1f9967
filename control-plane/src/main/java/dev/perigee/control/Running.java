package dev.perigee.control;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What runs in this process and has to be stopped, with the clocks and chance that it goes by. */
final class Running implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Running.class);

  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final InstantSource clock;
  private final SecureRandom random;
  private final LongSupplier nanos;

  /**
   * Nothing yet.
   *
   * @param nanos a clock that never jumps
   */
  Running(InstantSource clock, SecureRandom random, LongSupplier nanos) {
    this.clock = clock;
    this.random = random;
    this.nanos = nanos;
  }

  InstantSource clock() {
    return clock;
  }

  SecureRandom random() {
    return random;
  }

  LongSupplier nanos() {
    return nanos;
  }

  byte[] secret(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** Stops this part at the end. */
  <T extends AutoCloseable> T keep(T part) {
    parts.push(part);
    return part;
  }

  /** Something that may fail to bind. */
  interface Start {
    void run() throws IOException;
  }

  /** Starts a listener; a failure says which. */
  static void named(String what, Start start) throws IOException {
    try {
      start.run();
    } catch (IOException | RuntimeException e) {
      throw new IOException(what + " cannot be opened: " + e.getMessage(), e);
    }
  }

  /** Does something again and again, with a pause after each time, on a thread of its own. */
  void every(String name, long millis, Runnable step) {
    Thread thread =
        Thread.ofVirtual()
            .name(name)
            .start(
                () -> {
                  try {
                    while (!isStoppedWithin(millis)) {
                      again(name, step);
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    keep(thread::interrupt);
  }

  /** One failure is no reason never to do it again. */
  private static void again(String name, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      LOG.error("{} failed", name, e);
    }
  }

  /** Waits; whether the process is to end. */
  boolean isStoppedWithin(long millis) throws InterruptedException {
    return stopping.await(millis, TimeUnit.MILLISECONDS);
  }

  /** Stops everything, the last started first. */
  @Override
  public void close() {
    stopping.countDown();
    while (!parts.isEmpty()) {
      try {
        parts.pop().close();
      } catch (Exception e) {
        LOG.warn("on stopping", e);
      }
    }
  }
}
