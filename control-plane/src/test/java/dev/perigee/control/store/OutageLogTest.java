package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class OutageLogTest {
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 10);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final OutageLog outage;

  OutageLogTest() {
    Logger logger = (Logger) LoggerFactory.getLogger("outage-log-test");
    logger.setAdditive(false);
    logger.setLevel(Level.INFO);
    logger.addAppender(lines);
    lines.start();
    outage = new OutageLog(logger, "it waits", nanos::get);
  }

  private List<String> said() {
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      outage.failed(new IllegalStateException("no room"));
    }
  }

  @Test
  void thousandsOfFailuresAreOneLineAMinuteThatCountsThem() {
    fail(5_000);
    assertEquals(List.of("it waits: no room"), said());
    nanos.addAndGet(Duration.ofSeconds(59).toNanos());
    fail(1);
    assertEquals(1, said().size());
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    fail(3);
    assertEquals("it waits: no room (5000 more since it was last said)", said().getLast());
    nanos.addAndGet(Duration.ofHours(1).toNanos());
    fail(1);
    assertEquals(3, said().size());
  }

  @Test
  void afterALongTimeTheNextOneIsSaidAtOnceWithoutACount() {
    fail(1);
    nanos.addAndGet(Duration.ofDays(1).toNanos());
    fail(1);
    assertEquals(List.of("it waits: no room", "it waits: no room"), said());
  }

  @Test
  void whatTheDatabaseSaidTellsWhetherAnythingChanged() {
    SQLException full = new SQLException("could not extend file", "53100");
    StoreException noRoom = StoreException.of(new IllegalStateException("[statement]", full));
    assertEquals(StoreException.Reason.FULL, noRoom.reason());
    assertEquals("could not extend file", noRoom.getMessage());
    SQLException crash = new SQLException("terminating connection", "57P02");
    StoreException unknown = StoreException.of(new IllegalStateException("[statement]", crash));
    assertEquals(StoreException.Reason.UNANSWERED, unknown.reason());
    assertEquals("terminating connection", unknown.getMessage());
  }
}
