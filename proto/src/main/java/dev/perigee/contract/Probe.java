package dev.perigee.contract;

/** The request by which a control plane asks a node whether it answers readers. */
public final class Probe {
  /** Its host, which nobody can have (RFC 6761, section 6.4). */
  public static final String HOST = "probe.invalid";

  private Probe() {}
}
