package dev.perigee.testkit;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class NothingLeaksTest {
  private static final Logger LOG = LoggerFactory.getLogger("some.service");

  @Test
  void anErrorThatNobodyAnnouncedFailsTheTest() {
    NothingLeaks nothingLeaks = new NothingLeaks();
    nothingLeaks.begin();
    LOG.error("the disk is gone");

    AssertionError failure = assertThrows(AssertionError.class, nothingLeaks::end);
    assertTrue(failure.toString().contains("some.service: the disk is gone"), failure.toString());
  }

  @Test
  void anAnnouncedErrorIsNoFailure() {
    NothingLeaks nothingLeaks = new NothingLeaks();
    nothingLeaks.begin();
    nothingLeaks.expectError("disk .* gone");
    LOG.error("the disk is gone");
    nothingLeaks.end();
  }

  @Test
  void aThreadOfOursThatRunsOnFailsTheTest() throws Exception {
    Pattern ours = Pattern.compile("leaks-test-platform");
    NothingLeaks nothingLeaks = new NothingLeaks(Optional.of(ours), Duration.ofMillis(300));
    CountDownLatch leave = new CountDownLatch(1);
    nothingLeaks.begin();
    Thread thread =
        Thread.ofPlatform()
            .name("leaks-test-platform")
            .start(() -> assertThrows(InterruptedException.class, () -> leave.await()));

    AssertionError failure = assertThrows(AssertionError.class, nothingLeaks::end);
    assertTrue(failure.toString().contains("leaks-test-platform"), failure.toString());
    thread.interrupt();
    thread.join();
    nothingLeaks.begin();
    nothingLeaks.end();
  }

  @Test
  void aWarningIsNoError() {
    try (ErrorLog log = new ErrorLog()) {
      LOG.warn("slow");

      assertTrue(log.lines().isEmpty());
    }
  }

  @Test
  void virtualThreadsAreSeen() throws Exception {
    CountDownLatch leave = new CountDownLatch(1);
    Thread thread =
        Thread.ofVirtual()
            .name("leaks-test-virtual")
            .start(() -> assertThrows(InterruptedException.class, () -> leave.await()));
    try {
      assertTrue(
          LiveThreads.matching(Pattern.compile("leaks-test-.*"))
              .containsValue("leaks-test-virtual"));
    } finally {
      thread.interrupt();
      thread.join();
    }
    assertTrue(LiveThreads.matching(Pattern.compile("leaks-test-.*")).isEmpty());
  }
}
