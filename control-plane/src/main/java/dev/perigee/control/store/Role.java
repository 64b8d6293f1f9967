package dev.perigee.control.store;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What the holder of a token may do. */
public enum Role {
  /** Runs the network: everything, of every organisation. */
  OPERATOR,
  /** Runs an organisation: its tokens and its audit log too. */
  OWNER,
  /** Changes an organisation's sites. */
  EDITOR,
  /** Looks at an organisation's sites. */
  VIEWER,
  /** Purges an organisation's sites and does nothing else, such as a publishing system. */
  PURGE_ONLY;

  /** As the database and the API call it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The role of this name. */
  public static Optional<Role> of(String word) {
    return Arrays.stream(values()).filter(role -> role.word().equals(word)).findFirst();
  }

  /** Whether a token of it may be for some sites only. */
  public boolean mayBeScoped() {
    return switch (this) {
      case OPERATOR, OWNER -> false;
      case EDITOR, VIEWER, PURGE_ONLY -> true;
    };
  }
}
