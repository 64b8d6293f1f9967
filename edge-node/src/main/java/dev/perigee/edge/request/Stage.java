package dev.perigee.edge.request;

import java.util.Locale;

/** The stages of a request; one word each, the same in package, metric label and log field. */
public enum Stage {
  LISTENER,
  ROUTING,
  POLICY,
  CACHE,
  COLLAPSE,
  ORIGIN,
  STORE,
  RESPOND;

  /** The word as it stands in labels and logs. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
