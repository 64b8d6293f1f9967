package dev.perigee.contract;

import java.util.Locale;
import java.util.Optional;

/** A content coding of responses (RFC 9110, section 8.4.1), the one that packs best first. */
public enum ContentCoding {
  /** Brotli, RFC 7932. */
  BR,
  /** Zstandard, RFC 8878, with the window of RFC 9659. */
  ZSTD,
  /** RFC 1952. */
  GZIP;

  private final String token = name().toLowerCase(Locale.ROOT);

  /** As it stands in Content-Encoding and in JSON. */
  public String token() {
    return token;
  }

  /** The coding with this name, without case; {@code x-gzip} is gzip (section 8.4.1.3). */
  public static Optional<ContentCoding> of(String name) {
    for (ContentCoding coding : values()) {
      if (coding.token.equalsIgnoreCase(name)) {
        return Optional.of(coding);
      }
    }
    return name.equalsIgnoreCase("x-gzip") ? Optional.of(GZIP) : Optional.empty();
  }
}
