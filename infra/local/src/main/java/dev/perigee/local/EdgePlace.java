package dev.perigee.local;

/**
 * Where one edge stands in the world and on this machine.
 *
 * @param name the node's name
 * @param region a DNS label
 * @param latitude degrees
 * @param longitude degrees
 * @param address an IPv4 loopback address of its own
 */
record EdgePlace(String name, String region, double latitude, double longitude, String address) {
  static final int HTTP_PORT = 8080;
  static final int HTTPS_PORT = 8443;
  static final int ADMIN_PORT = 9090;
}
