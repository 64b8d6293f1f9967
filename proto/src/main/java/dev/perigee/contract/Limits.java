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

  /** Pools of one site. */
  public static final int SITE_POOLS = 16;

  /** Routes from paths to pools of one site. */
  public static final int POOL_ROUTES = 100;

  /** Weight of one server in its pool. */
  public static final int SERVER_WEIGHT = 256;

  /** Tiers of one pool, counted from 0. */
  public static final int POOL_TIERS = 8;

  /** Further attempts of one fetch. */
  public static final int RETRY_ATTEMPTS = 5;

  /** Bytes of a request's body that are kept for a further attempt. */
  public static final int RETRY_BODY_BYTES = 1024 * 1024;

  /** Statuses of one condition of a pool. */
  public static final int POOL_STATUSES = 20;

  /** Milliseconds of any time-out, interval or ejection of a pool. */
  public static final long POOL_MILLIS = 3_600_000;

  /** Milliseconds from one health check to the next, at least: a thousand nodes check too. */
  public static final long CHECK_INTERVAL_MILLIS = 500;

  /** Bytes of an answer in which a health check looks for its text. */
  public static final int CHECK_BODY_BYTES = 16 * 1024;

  /** Connections, and requests, of one pool on one node. */
  public static final int POOL_BREAKER = 100_000;

  /** Certificates of one list of a pool's transport. */
  public static final int TRANSPORT_CERTIFICATES = 10;

  /** Bytes of all pools of one site, as they are sent: beside the rest they fit one message. */
  public static final int POOLS_BYTES = 96 * 1024;

  /** Fields that one site drops, or passes on, beside the usual ones. */
  public static final int HIDING_FIELDS = 50;

  /** Error pages of one site. */
  public static final int ERROR_PAGES = 4;

  /** Bytes of one error page. */
  public static final int PAGE_BYTES = 16 * 1024;

  /** Characters that a secret shared with an origin has at least. */
  public static final int SECRET_MIN_LENGTH = 16;

  /** Characters that it has at most. */
  public static final int SECRET_LENGTH = 256;

  /** Bytes of one sync message. */
  public static final int MESSAGE_BYTES = 256 * 1024;

  /** URLs of one warm-up. */
  public static final int WARM_URLS = 5_000;

  /** URLs that a node has been sent of one warm-up and not yet answered for. */
  public static final int WARM_BATCH = 100;

  /** URLs of one warm-up that a node begins each second. */
  public static final int WARM_PER_SECOND = 200;

  /** Request fields of one warm-up. */
  public static final int WARM_FIELDS = 8;

  /** Bytes of one part of a GeoIP database. */
  public static final int GEO_CHUNK_BYTES = 128 * 1024;

  /** Parts of a GeoIP database that are sent ahead of the node's reports. */
  public static final int GEO_CHUNKS_AHEAD = 2;

  /** Bytes of one GeoIP database. */
  public static final int GEO_FILE_BYTES = 1 << 30;

  /** Keys of session tickets that a node is sent at once. */
  public static final int TICKET_KEYS = 8;

  /** Edge CAs that are trusted at one time. */
  public static final int AUTHORITIES = 4;

  /** Certificates of nodes that are refused though they are valid; the newest of them. */
  public static final int REVOKED = 8_000;

  /** Control planes that a node is told of. */
  public static final int REPLICAS = 32;

  /** Countries that one site's readers stay within. */
  public static final int PINNED_COUNTRIES = 250;

  /** Seconds that resolvers keep a site's addresses at least: they ask no more often. */
  public static final int DNS_TTL_LEAST = 5;

  /** Seconds that they keep them at most: a node that died is asked that long. */
  public static final int DNS_TTL_MOST = 3600;

  /** Coverage zones. */
  public static final int ZONES = 10_000;

  /** Regions or nodes that one coverage zone names. */
  public static final int ZONE_TARGETS = 16;

  /** Problems of coverage zones that are named at once. */
  public static final int ZONE_PROBLEMS = 20;

  /** Nodes of one region that share the requests for one object of a site. */
  public static final int NODES_PER_OBJECT = 64;

  /** Rate limits of one site. */
  public static final int RATE_RULES = 20;

  /** Paths, and methods, of one rate limit. */
  public static final int RATE_PATTERNS = 20;

  /** Characters of one such path. */
  public static final int RATE_PATTERN_LENGTH = 256;

  /** Requests that a rate limit lets in within its window, and at once. */
  public static final long RATE_REQUESTS = 1_000_000;

  /** Seconds of a rate limit's window: a day. */
  public static final long RATE_WINDOW_SECONDS = 86_400;

  /** Days in which the burst of a rate limit comes back. */
  public static final int RATE_BURST_DAYS = 30;

  /** Bits of an IPv6 address that count as one client's, at least. */
  public static final int RATE_IPV6_PREFIX_LEAST = 16;

  /** Bytes a second that a site's readers have of a node: as much as goes at once. */
  public static final long LEAST_BANDWIDTH = 64 << 10;

  /** The same at most. */
  public static final long MOST_BANDWIDTH = 1L << 40;

  /** Types that one site has compressed. */
  public static final int COMPRESSED_TYPES = 50;

  /** Characters of one such type. */
  public static final int COMPRESSED_TYPE_LENGTH = 127;

  /** Bytes below which a site may leave bodies as they are, at most. */
  public static final long COMPRESSED_LEAST_BYTES = 1 << 20;

  /** Counts of one site's rate limits of which an edge tells at once. */
  public static final int DEMANDS_PER_SITE = 64;

  /** Counts of all rate limits of which an edge tells, or is told, at once. */
  public static final int DEMANDS = 512;

  /** Hosts of one certificate that an authority is asked for. */
  public static final int ACME_HOSTS = 100;

  /** Tokens of certificate authorities that nodes answer at one time, of all sites. */
  public static final int ACME_TOKENS = 400;

  /** Characters of one such token. */
  public static final int ACME_TOKEN_LENGTH = 128;

  /** Authorities whose certificates a site takes of its readers. */
  public static final int CLIENT_AUTHORITIES = 16;

  /** Bytes of their certificates, DER; as PEM a third more. */
  public static final int CLIENT_AUTHORITY_BYTES = 48 * 1024;

  private Limits() {}
}
