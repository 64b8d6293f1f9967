package dev.perigee.testkit;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The check, after each test, that it logged no ERROR that it did not announce and left no thread
 * of ours running. With {@code @ExtendWith} it watches the log only; registered as a field it may
 * watch threads too:
 *
 * <pre>{@code
 * @RegisterExtension final NothingLeaks nothingLeaks = NothingLeaks.watchingThreads("edge-.*");
 * }</pre>
 *
 * <p>Tests of one JVM that use it must not run side by side.
 */
public final class NothingLeaks implements BeforeEachCallback, AfterEachCallback {
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final Optional<Pattern> threads;
  private final Duration grace;
  private final List<Pattern> expected = new CopyOnWriteArrayList<>();
  private Optional<ErrorLog> errors = Optional.empty();
  private Map<Long, String> before = Map.of();

  /** Watches the log only. */
  public NothingLeaks() {
    this(Optional.empty(), GRACE);
  }

  /** Also how long threads are given to end. */
  NothingLeaks(Optional<Pattern> threads, Duration grace) {
    this.threads = threads;
    this.grace = grace;
  }

  /** Watches the log, and threads, virtual or not, whose whole name matches {@code regex}. */
  public static NothingLeaks watchingThreads(String regex) {
    return new NothingLeaks(Optional.of(Pattern.compile(regex)), GRACE);
  }

  /** Announces, for the rest of this test, ERROR lines in which {@code regex} is found. */
  public void expectError(String regex) {
    expected.add(Pattern.compile(regex));
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    begin();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    end();
  }

  void begin() {
    expected.clear();
    before = threads.map(LiveThreads::matching).orElse(Map.of());
    errors = Optional.of(new ErrorLog());
  }

  void end() {
    errors.ifPresent(ErrorLog::close);
    threads.ifPresent(this::awaitGone);
    errors.map(ErrorLog::lines).ifPresent(this::failOn);
  }

  private void failOn(List<String> lines) {
    List<String> surprises =
        lines.stream()
            .filter(line -> expected.stream().noneMatch(regex -> regex.matcher(line).find()))
            .toList();
    if (!surprises.isEmpty()) {
      throw new AssertionError("ERROR logged: " + surprises);
    }
  }

  private void awaitGone(Pattern names) {
    try {
      Awaitility.await().atMost(grace).until(() -> left(names).isEmpty());
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("threads left running: " + left(names).values(), e);
    }
  }

  private Map<Long, String> left(Pattern names) {
    Map<Long, String> now = LiveThreads.matching(names);
    now.keySet().removeAll(before.keySet());
    return now;
  }
}
