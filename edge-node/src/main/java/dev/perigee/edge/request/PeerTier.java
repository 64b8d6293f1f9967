package dev.perigee.edge.request;

import java.util.Locale;
import java.util.Optional;

/**
 * What one node asks another as, in the order in which a request may pass them: so it never comes
 * to the same twice.
 */
public enum PeerTier {
  /** The node of the asker's region that has a key for all of them. */
  OWNER,

  /** The node that stands in front of the origin. */
  SHIELD;

  /** The word as it stands on the wire. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Optional<PeerTier> of(String word) {
    return switch (word) {
      case "owner" -> Optional.of(OWNER);
      case "shield" -> Optional.of(SHIELD);
      default -> Optional.empty();
    };
  }
}
