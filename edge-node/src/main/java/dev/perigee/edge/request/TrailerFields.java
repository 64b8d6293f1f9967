package dev.perigee.edge.request;

import java.util.Locale;
import java.util.Set;

/**
 * Which fields may follow a body (RFC 9110, section 6.5.1): none that frames the message, routes
 * it, modifies or authenticates the request, or says how the content is to be read.
 */
public final class TrailerFields {
  /** Fields that may follow one body; of more than that none are passed on. */
  public static final int MAX_FIELDS = 64;

  /** Characters of their names and values together. */
  public static final int MAX_CHARACTERS = 16 * 1024;

  private static final Set<String> FORBIDDEN =
      Set.of(
          // Framing and routing.
          "transfer-encoding",
          "content-length",
          "host",
          "connection",
          "keep-alive",
          "proxy-connection",
          "upgrade",
          "te",
          "trailer",
          "via",
          "forwarded",
          "cdn-loop",
          "perigee-peer",
          "client-cert",
          "client-cert-chain",
          // Of the request: controls, conditions, who it is from.
          "cache-control",
          "pragma",
          "expect",
          "max-forwards",
          "range",
          "if-match",
          "if-none-match",
          "if-modified-since",
          "if-unmodified-since",
          "if-range",
          "authorization",
          "proxy-authorization",
          "proxy-authenticate",
          "www-authenticate",
          "cookie",
          "set-cookie",
          // Of the response: controls and the content's format.
          "age",
          "date",
          "expires",
          "location",
          "retry-after",
          "vary",
          "warning",
          "cache-status",
          "cdn-cache-control",
          "surrogate-control",
          "content-encoding",
          "content-type",
          "content-range");

  private TrailerFields() {}

  /** Those of the fields that may be passed on behind a body. */
  public static FieldList allowed(FieldList fields) {
    if (fields.size() == 0) {
      return fields;
    }
    if (fields.size() > MAX_FIELDS || fields.characters() > MAX_CHARACTERS) {
      return FieldList.empty();
    }
    FieldList.Builder out = FieldList.builder();
    fields.forEach(
        (name, value) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          boolean ours = lower.startsWith("x-forwarded-") || lower.startsWith(":");
          if (!ours && !FORBIDDEN.contains(lower) && !ClientCert.isLookalike(name)) {
            out.add(name, value);
          }
        });
    return out.build();
  }

  /** Whether whoever sent these fields understands trailers (RFC 9110, section 10.1.4). */
  public static boolean areAccepted(Fields request) {
    for (String line : request.all("TE")) {
      for (String coding : line.split(",", -1)) {
        if (coding.strip().equalsIgnoreCase("trailers")) {
          return true;
        }
      }
    }
    return false;
  }
}
