package dev.perigee.contract;

/** The limits that both sides hold to; a message past one of them is refused with its name. */
public final class Limits {
  /** Hosts of one site. */
  public static final int SITE_HOSTS = 100;

  /** Origin servers of one site. */
  public static final int SITE_ORIGINS = 64;

  /** Regions of one site. */
  public static final int SITE_REGIONS = 256;

  /** Characters of a host name (RFC 1035, section 2.3.4, as text). */
  public static final int HOST_LENGTH = 253;

  /** Characters of a normalised path and query. */
  public static final int TARGET_LENGTH = 8192;

  /** Tags of one stored response. */
  public static final int TAGS = 64;

  /** Characters of one tag. */
  public static final int TAG_LENGTH = 256;

  /** Addresses of one node. */
  public static final int NODE_ADDRESSES = 16;

  /** Cache rules of one site. */
  public static final int CACHE_RULES = 50;

  /** Patterns of one condition of a cache rule. */
  public static final int RULE_PATTERNS = 50;

  /** Characters of one such pattern. */
  public static final int PATTERN_LENGTH = 512;

  /** Request fields, and cookies, in one site's cache keys. */
  public static final int KEY_FIELDS = 8;

  /** Bytes of one sync message. */
  public static final int MESSAGE_BYTES = 256 * 1024;

  private Limits() {}
}
