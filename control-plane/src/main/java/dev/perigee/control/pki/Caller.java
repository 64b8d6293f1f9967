package dev.perigee.control.pki;

import dev.perigee.control.store.Purview;
import dev.perigee.control.store.Role;
import java.time.Instant;
import java.util.Optional;

/**
 * Whoever holds a token that is good.
 *
 * @param name of the token
 * @param tokenId empty for the operator's token in the file
 * @param purview what the caller may know of
 */
public record Caller(
    String name,
    Optional<String> tokenId,
    Role role,
    Purview purview,
    Optional<Instant> expiresAt) {
  /** The name of the operator's token in the file. */
  public static final String FILE = "operator token file";

  /** Who holds the operator's token in the file. */
  static final Caller OPERATOR =
      new Caller(FILE, Optional.empty(), Role.OPERATOR, Purview.ALL, Optional.empty());
}
