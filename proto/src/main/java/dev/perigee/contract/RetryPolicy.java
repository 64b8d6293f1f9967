package dev.perigee.contract;

import java.util.List;

/**
 * When another server is asked. Only what is idempotent is asked twice, only while the reader has
 * nothing of an answer, and only with a body that was kept.
 *
 * @param attempts besides the first; 0 for none
 * @param statuses that are asked again elsewhere: {@code 503} or a class such as {@code 5xx}
 * @param bodyBytes of a request's body that are kept for it; 0 for none
 * @param budgetPercent of the pool's requests under way that may be further attempts
 * @param budgetFloor further attempts that may always be under way
 */
public record RetryPolicy(
    int attempts, List<String> statuses, long bodyBytes, int budgetPercent, int budgetFloor) {
  /** What is taken where the owner names nothing. */
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(2, List.of("502", "503", "504"), 64 * 1024, 20, 3);

  /** Copies the list. */
  public RetryPolicy {
    statuses = List.copyOf(statuses);
  }
}
