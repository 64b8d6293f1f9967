package dev.perigee.contract;

import java.util.Locale;
import java.util.Optional;

/** The kinds of GeoIP databases. */
public enum GeoKind {
  /** Country and position of an address. */
  CITY,
  /** The autonomous system that an address belongs to. */
  ASN,
  /** What an operator knows better of some addresses than the city database. */
  OVERRIDE;

  /** As it stands in messages, names of files and metrics. */
  public String token() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The one with this token. */
  public static Optional<GeoKind> of(String token) {
    for (GeoKind kind : values()) {
      if (kind.token().equals(token)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }
}
