package dev.perigee.control.fleet;

/** What probes of a node's port for readers came to. */
public enum Reach {
  /** It never answered, so that it says nothing: who probes may not be let through to it. */
  UNKNOWN,
  /** It answers. */
  UP,
  /** It did not answer the last one. */
  SUSPECT,
  /** It did not answer several. */
  DOWN
}
