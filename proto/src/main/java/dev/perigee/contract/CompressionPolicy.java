package dev.perigee.contract;

import java.util.List;

/**
 * How a site's responses are compressed at the edges.
 *
 * @param enabled whether they are; where not, Accept-Encoding is left to the origin
 * @param codings those that it wants, the preferred one first where a reader likes several alike
 * @param types of the content that is compressed: {@code text/html} or {@code text/*}; empty for
 *     {@link #USUAL_TYPES}
 * @param leastBytes smaller bodies are left as they are
 * @param personal whether that is compressed, too, which is private, sets cookies or was asked for
 *     with credentials: whoever can have his own text beside a secret, and see the length, can
 *     guess the secret then (BREACH)
 */
public record CompressionPolicy(
    boolean enabled,
    List<ContentCoding> codings,
    List<String> types,
    long leastBytes,
    boolean personal) {
  /** Text, and what is as good as text; nothing that is packed already. */
  public static final List<String> USUAL_TYPES =
      List.of(
          "text/html",
          "text/css",
          "text/javascript",
          "text/plain",
          "text/xml",
          "text/markdown",
          "text/csv",
          "text/calendar",
          "text/vtt",
          "text/vcard",
          "text/x-component",
          "application/javascript",
          "application/x-javascript",
          "application/ecmascript",
          "application/json",
          "application/ld+json",
          "application/geo+json",
          "application/manifest+json",
          "application/vnd.api+json",
          "application/problem+json",
          "application/x-ndjson",
          "application/xml",
          "application/xhtml+xml",
          "application/rss+xml",
          "application/atom+xml",
          "application/rdf+xml",
          "application/vnd.ms-fontobject",
          "application/wasm",
          "application/x-font-ttf",
          "font/ttf",
          "font/otf",
          "font/sfnt",
          "image/svg+xml",
          "image/bmp",
          "image/x-icon",
          "image/vnd.microsoft.icon");

  /** What compressing less would hardly save: a response with its head takes a packet then. */
  public static final long LEAST_BYTES = 1024;

  /** On, for what is text and for everybody. */
  public static final CompressionPolicy DEFAULT =
      new CompressionPolicy(true, List.of(ContentCoding.values()), List.of(), LEAST_BYTES, false);

  /** Copies the lists. */
  public CompressionPolicy {
    codings = List.copyOf(codings);
    types = List.copyOf(types);
  }

  /**
   * Whether content of this type is compressed.
   *
   * @param contentType with parameters or without
   */
  public boolean covers(String contentType) {
    int semicolon = contentType.indexOf(';');
    int end = semicolon < 0 ? contentType.length() : semicolon;
    while (end > 0 && isSpace(contentType.charAt(end - 1))) {
      end--;
    }
    // Asked for each response, so it makes no strings.
    List<String> all = types.isEmpty() ? USUAL_TYPES : types;
    for (int i = 0; i < all.size(); i++) {
      String type = all.get(i);
      int length = type.length();
      boolean fits =
          type.charAt(length - 1) == '*'
              ? end >= length && contentType.regionMatches(true, 0, type, 0, length - 1)
              : end == length && contentType.regionMatches(true, 0, type, 0, length);
      if (fits) {
        return true;
      }
    }
    return false;
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t';
  }
}
