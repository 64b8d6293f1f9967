package dev.perigee.local;

import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** The voice of {@code perigee up}: whole lines, with the seconds since the start where asked. */
final class Terminal {
  private final Consumer<String> out;
  private final LongSupplier nanoTime;
  private final long begun;

  Terminal(Consumer<String> out, LongSupplier nanoTime) {
    this.out = out;
    this.nanoTime = nanoTime;
    this.begun = nanoTime.getAsLong();
  }

  void say(String line) {
    out.accept(line);
  }

  /** A step that is done, such as {@code " control plane ready 2.1 s"}. */
  void step(String what, String state) {
    say(String.format(Locale.ROOT, "  %-16s %-44s %5s", what, state, elapsed()));
  }

  /** Such as {@code "7.9 s"}. */
  String elapsed() {
    Duration since = Duration.ofNanos(nanoTime.getAsLong() - begun);
    return String.format(Locale.ROOT, "%.1f s", since.toMillis() / 1000.0);
  }
}
