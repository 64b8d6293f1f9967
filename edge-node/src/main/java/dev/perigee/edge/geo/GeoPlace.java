package dev.perigee.edge.geo;

import java.util.Optional;
import java.util.OptionalLong;

/** What is known of where an address is; any part may be missing. */
public final class GeoPlace {
  private static final GeoPlace UNKNOWN =
      new GeoPlace(Optional.empty(), Optional.empty(), OptionalLong.empty());

  private final Optional<String> country;
  private final Optional<Position> position;
  private final OptionalLong asn;

  /**
   * A position on the globe.
   *
   * @param latitude degrees north
   * @param longitude degrees east
   */
  public record Position(double latitude, double longitude) {}

  GeoPlace(Optional<String> country, Optional<Position> position, OptionalLong asn) {
    this.country = country;
    this.position = position;
    this.asn = asn;
  }

  static GeoPlace unknown() {
    return UNKNOWN;
  }

  /** ISO 3166-1 code of two letters. */
  public Optional<String> country() {
    return country;
  }

  public Optional<Position> position() {
    return position;
  }

  /** Number of the autonomous system. */
  public OptionalLong asn() {
    return asn;
  }
}
