package dev.perigee.testkit;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * How often tests look whether what they wait for is there. Awaitility's own tenth of a second,
 * before the first look too, came to most of the time of tests that wait for a node in their own
 * process. JUnit finds it by itself where {@code junit.jupiter.extensions.autodetection.enabled} is
 * set.
 */
public final class PromptLooks implements BeforeAllCallback {
  private static final Duration EVERY = Duration.ofMillis(5);

  @Override
  public void beforeAll(ExtensionContext context) {
    Awaitility.setDefaultPollInterval(EVERY);
  }
}
