package dev.perigee.contract;

/**
 * What readers of one site were answered on one node for a while.
 *
 * @param site its id
 * @param requests that were answered
 * @param errors those of them that were answered with a 5xx
 */
public record SiteTraffic(String site, long requests, long errors) {
  /** Refuses counts that cannot be. */
  public SiteTraffic {
    if (errors < 0 || requests < errors) {
      throw new IllegalArgumentException("more errors than requests");
    }
  }
}
