package dev.perigee.control.store;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an embedded server up. PostgreSQL ends by itself where it finds no room for its log, and
 * cannot come back before there is some; so it is tried again and again, the rarer the longer.
 */
final class ServerGuard implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServerGuard.class);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  private static final Duration LAST_RETRY = Duration.ofSeconds(15);
  private static final String LOCK_FILE = "epg-lock";
  private static final Duration LAST_WORDS = Duration.ofSeconds(30);

  private final Path data;
  private final Launch launch;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread = Thread.ofVirtual().name("embedded-database").unstarted(this::run);

  // Of the guarding thread alone, once that runs; and of who closes, when it has ended.
  private EmbeddedPostgres running;

  /** Starts the server where none runs; none runs when this fails. */
  interface Launch {
    EmbeddedPostgres again() throws IOException;
  }

  /**
   * One that does not guard yet.
   *
   * @param running on {@code data}
   */
  ServerGuard(Path data, EmbeddedPostgres running, Launch launch) {
    this.data = data;
    this.running = running;
    this.launch = launch;
  }

  void start() {
    thread.start();
  }

  private void run() {
    try {
      while (closing.getCount() > 0) {
        awaitEnd();
        if (closing.getCount() > 0) {
          LOG.warn("the embedded database ended by itself, with {} free on its disk", room());
          startAgain();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.error("the embedded database is watched no more: start the control plane again", e);
    }
  }

  private void awaitEnd() throws IOException, InterruptedException {
    Optional<ProcessHandle> server = EmbeddedDatabase.server(data);
    if (server.isPresent()) {
      try {
        server.get().onExit().get();
      } catch (ExecutionException e) {
        throw new IOException(e);
      }
    }
  }

  private void startAgain() throws InterruptedException, IOException {
    OutageLog outage = new OutageLog(LOG, "the embedded database is tried again");
    Duration wait = FIRST_RETRY;
    while (!closing.await(wait.toMillis(), TimeUnit.MILLISECONDS)) {
      try {
        // The library leaves its lock on it, in this process, where a server ended or never came.
        Files.deleteIfExists(data.resolve(LOCK_FILE));
        running = launch.again();
        LOG.info("the embedded database is up again");
        return;
      } catch (IOException e) {
        outage.failed(e);
      }
      wait = wait.multipliedBy(2).compareTo(LAST_RETRY) < 0 ? wait.multipliedBy(2) : LAST_RETRY;
    }
  }

  private String room() {
    try {
      return (Files.getFileStore(data).getUsableSpace() >> 20) + " MiB";
    } catch (IOException e) {
      return "an unknown amount";
    }
  }

  /** Stops the server; it has ended when this returns. */
  @Override
  public void close() throws IOException {
    closing.countDown();
    thread.interrupt();
    try {
      thread.join(LAST_WORDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    running.close();
    // The library waits five seconds, and says nothing where the last checkpoint takes longer.
    EmbeddedDatabase.stopServer(data);
  }
}
