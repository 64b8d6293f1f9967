package dev.perigee.control.steer;

import dev.perigee.control.steer.Steering.Position;

/** Distances on the globe. */
final class Globe {
  private static final double EARTH_RADIUS_KM = 6371.0088;

  private Globe() {}

  /** A place as a vector of length 1: the larger the product of two, the nearer they are. */
  record Direction(double x, double y, double z) {
    static Direction of(double latitude, double longitude) {
      double phi = Math.toRadians(latitude);
      double lambda = Math.toRadians(longitude);
      return new Direction(
          Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi));
    }

    /** 1 for the same place to −1 for the opposite one. */
    double nearness(Direction other) {
      return x * other.x + y * other.y + z * other.z;
    }
  }

  /** Great-circle distance by the haversine formula. */
  static double distanceKm(Position a, Position b) {
    double phi = Math.toRadians(b.latitude() - a.latitude()) / 2;
    double lambda = Math.toRadians(b.longitude() - a.longitude()) / 2;
    double h =
        Math.pow(Math.sin(phi), 2)
            + Math.cos(Math.toRadians(a.latitude()))
                * Math.cos(Math.toRadians(b.latitude()))
                * Math.pow(Math.sin(lambda), 2);
    return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
  }
}
