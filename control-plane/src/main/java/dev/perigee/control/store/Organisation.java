package dev.perigee.control.store;

import java.time.Instant;
import java.util.regex.Pattern;

/**
 * Who sites belong to.
 *
 * @param id part of its sites' ids; never changed, never used again
 * @param name for people
 * @param sites how many it has
 */
public record Organisation(String id, String name, Instant madeAt, int sites) {
  /** The one that has everything for which nobody named another; it cannot be removed. */
  public static final String FIRST = "first";

  /** Without hyphens, so that no two of them can want the same id for a site. */
  static final Pattern ID = Pattern.compile("[a-z][a-z0-9]{1,11}");

  /** Characters of a name. */
  static final int NAME_LENGTH = 100;

  /** Organisations of one network. */
  static final int MOST = 10_000;

  /** Sites that one may add itself; operators may add more to it. */
  public static final int MOST_SITES = 1_000;

  /** Certificates that one may add itself; operators may add more to it. */
  public static final int MOST_CERTIFICATES = 1_000;
}
