package dev.perigee.control.store;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * What a log says while something fails again and again: the first failure at once, then a line a
 * minute at most, which says how many came in between. So an outage of a night fills no disk.
 */
public final class OutageLog {
  private static final long PAUSE_NANOS = Duration.ofMinutes(1).toNanos();

  private final Logger log;
  private final String what;
  private final LongSupplier nanos;
  private boolean said;
  private long saidAt;
  private long unsaid;

  /**
   * One that has said nothing.
   *
   * @param what becomes of what fails, as the begin of each line
   */
  public OutageLog(Logger log, String what) {
    this(log, what, System::nanoTime);
  }

  OutageLog(Logger log, String what, LongSupplier nanos) {
    this.log = log;
    this.what = what;
    this.nanos = nanos;
  }

  /** It failed once more. */
  public void failed(Throwable problem) {
    log.debug(what, problem);
    long others = turn();
    if (others == 0) {
      log.warn("{}: {}", what, problem.getMessage());
    } else if (others > 0) {
      log.warn("{}: {} ({} more since it was last said)", what, problem.getMessage(), others);
    }
  }

  /** How many were not said; less than none where this is not to be said either. */
  private synchronized long turn() {
    long now = nanos.getAsLong();
    if (said && now - saidAt < PAUSE_NANOS) {
      unsaid++;
      return -1;
    }
    said = true;
    saidAt = now;
    long others = unsaid;
    unsaid = 0;
    return others;
  }
}
