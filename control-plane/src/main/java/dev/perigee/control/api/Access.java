package dev.perigee.control.api;

import dev.perigee.control.pki.Caller;
import dev.perigee.control.store.Role;
import java.util.Optional;

/**
 * Who may call a route. It says it itself: what is enforced is what the OpenAPI document shows, as
 * {@code x-perigee-role}, the least role, and {@code x-perigee-whole}, whether a token for some
 * sites only is not enough.
 */
enum Access {
  /** What concerns the network, or all organisations. */
  OPERATOR("operator", true),
  /** Tokens and the audit log of an organisation. */
  OWNER("owner", true),
  /** Changes of what belongs to an organisation and to no one site. */
  EDITOR_OF_ALL("editor", true),
  /** Changes of a site. */
  EDITOR("editor", false),
  /** A look at what belongs to an organisation and to no one site. */
  VIEWER_OF_ALL("viewer", true),
  /** A look at a site. */
  VIEWER("viewer", false),
  /** Purges: who changes sites may, who only looks at them may not. */
  PURGER("purge-only", false),
  /** Whoever has a token. */
  ANYBODY("any", false);

  private final String least;
  private final boolean whole;

  Access(String least, boolean whole) {
    this.least = least;
    this.whole = whole;
  }

  /** The least role, as the document names it. */
  String least() {
    return least;
  }

  /** Whether a token for some sites only is not enough. */
  boolean whole() {
    return whole;
  }

  private boolean admits(Role role) {
    return switch (role) {
      case OPERATOR -> true;
      case OWNER -> this != OPERATOR;
      case EDITOR -> this != OPERATOR && this != OWNER;
      case VIEWER -> this == VIEWER || this == VIEWER_OF_ALL || this == ANYBODY;
      case PURGE_ONLY -> this == PURGER || this == ANYBODY;
    };
  }

  /** Whether a caller may; empty where it may, else a sentence that says what is missing. */
  Optional<String> refuses(Caller caller) {
    if (!admits(caller.role())) {
      return Optional.of(
          "This needs a token with the role %s; the role of this one is %s."
              .formatted(least, caller.role().word()));
    }
    return whole && !caller.purview().isWhole()
        ? Optional.of(
            "This needs a token for the whole organisation; this one is for some sites only.")
        : Optional.empty();
  }
}
