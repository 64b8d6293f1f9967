package dev.perigee.edge.origin.pool;

import dev.perigee.contract.Ejection;
import java.util.Arrays;

/** Decides when a server is left alone for what it answered, and for how long. */
final class EjectionPolicy {
  private static final int PER_CENT = 100;

  /** Fewer have no middle. */
  private static final int COMPARABLE = 3;

  private EjectionPolicy() {}

  /** After an answer, or none: {@link Standing#WELL} where it may go on. */
  static Standing inRow(int errors, int failures, Ejection rules) {
    if (rules.gatewayFailures() > 0 && failures >= rules.gatewayFailures()) {
      return Standing.GATEWAY_FAILURES;
    }
    return rules.serverErrors() > 0 && errors >= rules.serverErrors()
        ? Standing.SERVER_ERRORS
        : Standing.WELL;
  }

  /**
   * After an interval, for each server.
   *
   * @param windows what each did
   */
  static Standing[] outliers(ServerState.Window[] windows, Ejection rules) {
    Standing[] found = new Standing[windows.length];
    Arrays.fill(found, Standing.WELL);
    ServerState.Window[] compared =
        Arrays.stream(windows)
            .filter(window -> window.requests() >= rules.minimumRequests())
            .toArray(ServerState.Window[]::new);
    if (compared.length < COMPARABLE) {
      return found;
    }
    double success =
        median(Arrays.stream(compared).mapToDouble(ServerState.Window::successPercent).toArray());
    double micros =
        median(Arrays.stream(compared).mapToDouble(ServerState.Window::meanMicros).toArray());
    for (int i = 0; i < windows.length; i++) {
      if (windows[i].requests() >= rules.minimumRequests()) {
        found[i] = compare(windows[i], success, micros, rules);
      }
    }
    return found;
  }

  private static Standing compare(
      ServerState.Window window, double success, double micros, Ejection rules) {
    if (rules.successPoints() > 0 && window.successPercent() < success - rules.successPoints()) {
      return Standing.SUCCESS_OUTLIER;
    }
    boolean slow =
        rules.latencyPercent() > 0
            && window.meanMicros() * PER_CENT > micros * rules.latencyPercent();
    return slow ? Standing.LATENCY_OUTLIER : Standing.WELL;
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  /** Whether one more of the pool's servers may be left alone; one always may. */
  static boolean mayEject(int ejected, int servers, Ejection rules) {
    return ejected == 0 || (ejected + 1) * PER_CENT <= servers * rules.maxPercent();
  }

  /**
   * How long.
   *
   * @param time 1 for the first
   */
  static long millis(int time, Ejection rules) {
    return Math.min(rules.maxMillis(), rules.baseMillis() * time);
  }
}
