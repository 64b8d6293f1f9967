package dev.perigee.edge.respond;

import dev.perigee.edge.cache.HttpDate;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.Optional;
import java.util.OptionalLong;

/** Conditions of a request against a response at hand (RFC 9110, section 13). */
public final class Preconditions {
  private Preconditions() {}

  /** What becomes of a request with conditions. */
  public enum Outcome {
    /** It is answered as if there were none. */
    PROCEED,
    /** 304: the client has this response already. */
    NOT_MODIFIED,
    /** 412: the client wanted another one. */
    FAILED
  }

  /**
   * Decides in the order of section 13.2.2. Only what would be answered with 200 has conditions
   * (section 13.2.1); a condition that is no list of tags or no date does not hold, or does not
   * count, as its section says.
   */
  public static Outcome decide(RequestHead request, ResponseHead response, long nowMillis) {
    boolean retrieval = request.isGet() || request.isHead();
    if (!retrieval || response.status() != 200) {
      return Outcome.PROCEED;
    }
    return isFailed(request, response, nowMillis)
        ? Outcome.FAILED
        : isNotModified(request, response, nowMillis) ? Outcome.NOT_MODIFIED : Outcome.PROCEED;
  }

  private static boolean isFailed(RequestHead request, ResponseHead response, long nowMillis) {
    Optional<String> match = request.fields().joined("If-Match");
    if (match.isPresent()) {
      return !matchesStrongly(match.get(), response.fields().first("ETag").orElse(""));
    }
    OptionalLong since = date(request.fields().first("If-Unmodified-Since"), nowMillis);
    if (since.isEmpty()) {
      return false;
    }
    OptionalLong modified = date(response.fields().first("Last-Modified"), nowMillis);
    return modified.isPresent() && modified.getAsLong() > since.getAsLong();
  }

  /** Strong comparison with each member (section 8.8.3.2). */
  private static boolean matchesStrongly(String list, String tag) {
    if (list.strip().equals("*")) {
      return true;
    }
    int at = 0;
    while (!tag.isEmpty() && !tag.startsWith("W/") && at < list.length()) {
      int open = list.indexOf('"', at);
      int close = open < 0 ? -1 : list.indexOf('"', open + 1);
      if (close < 0) {
        return false;
      }
      boolean weak = open >= 2 && list.startsWith("W/", open - 2);
      if (!weak && list.substring(open, close + 1).equals(tag)) {
        return true;
      }
      at = close + 1;
    }
    return false;
  }

  /** Whether the client has this response already: 304 is the answer. */
  private static boolean isNotModified(RequestHead request, ResponseHead response, long nowMillis) {
    Optional<String> noneMatch = request.fields().joined("If-None-Match");
    if (noneMatch.isPresent()) {
      return matches(noneMatch.get(), response.fields().first("ETag").orElse(""));
    }
    OptionalLong since = date(request.fields().first("If-Modified-Since"), nowMillis);
    if (since.isEmpty()) {
      return false;
    }
    // Without a date of change that of the response stands in for it (RFC 9111, section 4.3.2).
    Optional<String> changed =
        response.fields().first("Last-Modified").or(() -> response.fields().first("Date"));
    OptionalLong modified = date(changed, nowMillis);
    return modified.isPresent() && modified.getAsLong() <= since.getAsLong();
  }

  /** The 304's fields: all but those that describe a body (section 15.4.5). */
  public static FieldList notModifiedFields(FieldList fields) {
    return fields.toBuilder()
        .remove("Content-Length")
        .remove("Content-Type")
        .remove("Content-Encoding")
        .remove("Content-Language")
        .build();
  }

  /** Weak comparison with each member (section 8.8.3.2). */
  static boolean matches(String list, String tag) {
    if (list.strip().equals("*")) {
      return true;
    }
    if (tag.isEmpty()) {
      return false;
    }
    String opaque = opaque(tag);
    int at = 0;
    while (at < list.length()) {
      int open = list.indexOf('"', at);
      int close = open < 0 ? -1 : list.indexOf('"', open + 1);
      if (close < 0) {
        return false;
      }
      if (list.substring(open, close + 1).equals(opaque)) {
        return true;
      }
      at = close + 1;
    }
    return false;
  }

  private static String opaque(String tag) {
    return tag.startsWith("W/") ? tag.substring(2) : tag;
  }

  private static OptionalLong date(Optional<String> text, long nowMillis) {
    return text.isEmpty() ? OptionalLong.empty() : HttpDate.parse(text.get(), nowMillis);
  }
}
