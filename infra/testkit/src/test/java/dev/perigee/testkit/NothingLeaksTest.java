package dev.perigee.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class NothingLeaksTest {
  @Test
  void anErrorThatNobodyAnnouncedFailsTheTest() throws Exception {
    try (ErrorLog log = new ErrorLog()) {
      LoggerFactory.getLogger("some.service").error("the disk is gone");

      assertEquals("some.service: the disk is gone", log.lines().getFirst());
    }
  }

  @Test
  void aWarningIsNoError() {
    try (ErrorLog log = new ErrorLog()) {
      LoggerFactory.getLogger("some.service").warn("slow");

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
