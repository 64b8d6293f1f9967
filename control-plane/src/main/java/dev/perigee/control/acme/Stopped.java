package dev.perigee.control.acme;

/** Says that an order does not go on, and why: of this network, not of the authority. */
final class Stopped extends Exception {
  private static final long serialVersionUID = 1;

  Stopped(String reason) {
    super(reason);
  }
}
