package dev.perigee.contract;

/**
 * Which GeoIP database of a kind a node has.
 *
 * @param version SHA-256 of the file, lower-case hexadecimal; empty for none
 * @param builtSeconds when its maker built it, since 1970
 */
public record GeoHolding(GeoKind kind, String version, long builtSeconds) {
  /** A node takes this kind, and has none yet. */
  public static GeoHolding none(GeoKind kind) {
    return new GeoHolding(kind, "", 0);
  }
}
