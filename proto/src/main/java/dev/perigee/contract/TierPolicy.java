package dev.perigee.contract;

/**
 * Which other nodes a site's misses may go through before its origin.
 *
 * @param shield whether edges ask a shield, where the operator has named any
 * @param popShare whether the nodes of one region share what they store: one copy of what is asked
 *     for now and then, hot objects on all
 */
public record TierPolicy(boolean shield, boolean popShare) {
  /** Through shields, where there are any; every node stores for itself. */
  public static final TierPolicy DEFAULT = new TierPolicy(true, false);
}
