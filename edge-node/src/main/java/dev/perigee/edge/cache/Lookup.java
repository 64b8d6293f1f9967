package dev.perigee.edge.cache;

/** The cache's answer to a request (RFC 9111, section 4). */
public sealed interface Lookup {
  /** May be used without asking the origin. */
  record Fresh(StoredResponse response, long ageSeconds, long ttlSeconds) implements Lookup {}

  /** May be used only after validation, or where stale content is allowed. */
  record Stale(StoredResponse response, long ageSeconds, StaleReason reason) implements Lookup {}

  /** Nothing fitting is stored. */
  record Miss(MissReason reason) implements Lookup {}

  /** The cache has no part in this request. */
  record Bypass(BypassReason reason) implements Lookup {}

  /** Why a stored response may not be used as it is. */
  enum StaleReason {
    EXPIRED("Its freshness lifetime is over."),
    SOFT_PURGED("A soft purge made it stale."),
    NO_CACHE("It must be validated before each use."),
    REQUESTED("The request asks for validation or a younger response.");

    private final String sentence;

    StaleReason(String sentence) {
      this.sentence = sentence;
    }

    public String sentence() {
      return sentence;
    }
  }

  /** Why nothing fits; the words are those of RFC 9211, section 2.2. */
  enum MissReason {
    URI_MISS("uri-miss", "Nothing is stored under the key."),
    VARY_MISS("vary-miss", "What is stored under the key was made for other request fields.");

    private final String token;
    private final String sentence;

    MissReason(String token, String sentence) {
      this.token = token;
      this.sentence = sentence;
    }

    public String token() {
      return token;
    }

    public String sentence() {
      return sentence;
    }
  }

  /** Why the cache has no part in the request. */
  enum BypassReason {
    METHOD("method", "Only GET and HEAD are answered from the cache."),
    REQUEST("request", "The request forbids it (no-store)."),
    BODY("request", "The request has a body."),
    UNSYNCED("bypass", "The node has not applied all purges yet.");

    private final String token;
    private final String sentence;

    BypassReason(String token, String sentence) {
      this.token = token;
      this.sentence = sentence;
    }

    /** The {@code fwd} parameter (RFC 9211, section 2.2). */
    public String token() {
      return token;
    }

    public String sentence() {
      return sentence;
    }
  }
}
