package dev.perigee.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file that names one process by id, start time and program, so that an id that the system gave
 * to somebody else since is not taken for ours.
 */
record PidFile(Path path) {
  private static final Pattern FORM = Pattern.compile("(\\d{1,10}) (\\d{1,16}) (.*)\\n?");

  /** The system counts starts from boot; a corrected clock moves them a little. */
  private static final Duration TOLERANCE = Duration.ofSeconds(2);

  void write(ProcessHandle process) throws IOException {
    Instant start = process.info().startInstant().orElse(Instant.EPOCH);
    String program = process.info().command().orElse("");
    String line = process.pid() + " " + start.toEpochMilli() + " " + program + "\n";
    Files.writeString(path, line);
  }

  /** The process, where it still runs and is the one that was written. */
  Optional<ProcessHandle> running() {
    try {
      Matcher matcher = FORM.matcher(Files.readString(path));
      if (!matcher.matches()) {
        return Optional.empty();
      }
      Instant start = Instant.ofEpochMilli(Long.parseLong(matcher.group(2)));
      String program = matcher.group(3);
      return ProcessHandle.of(Long.parseLong(matcher.group(1)))
          .filter(ProcessHandle::isAlive)
          .filter(process -> isSame(process, start, program));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  void delete() {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // A stale file does no harm: it names a process that no longer runs.
      return;
    }
  }

  private static boolean isSame(ProcessHandle process, Instant start, String program) {
    Instant now = process.info().startInstant().orElse(Instant.EPOCH);
    return Duration.between(start, now).abs().compareTo(TOLERANCE) <= 0
        && process.info().command().orElse("").equals(program);
  }
}
