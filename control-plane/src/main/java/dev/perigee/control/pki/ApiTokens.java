package dev.perigee.control.pki;

import dev.perigee.control.store.ApiToken;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.TokenStore;
import java.security.SecureRandom;
import java.util.Optional;

/**
 * The tokens that the API accepts: the operator's in the file, which needs no database, and those
 * that were made since. A secret is looked up by its hash, so how long that takes says nothing of
 * how much of a guess was right.
 */
public final class ApiTokens {
  private static final int MOST_SECRET = 200;

  private final OperatorTokens file;
  private final TokenStore store;
  private final SecureRandom random;

  public ApiTokens(OperatorTokens file, TokenStore store, SecureRandom random) {
    this.file = file;
    this.store = store;
    this.random = random;
  }

  /** Who sends this secret; empty where it is unknown, expired or revoked. */
  public Optional<Caller> caller(String secret) {
    if (secret.isEmpty() || secret.length() > MOST_SECRET) {
      return Optional.empty();
    }
    if (file.isValid(secret)) {
      return Optional.of(Caller.OPERATOR);
    }
    return store.good(Secrets.sha256(secret)).map(ApiTokens::caller);
  }

  private static Caller caller(ApiToken token) {
    return new Caller(
        token.name(), Optional.of(token.id()), token.role(), token.purview(), token.expiresAt());
  }

  /**
   * A token that was made.
   *
   * @param secret known to nobody after this
   */
  public record Made(String secret, Change<ApiToken> change) {}

  /** 256 random bits, as text. */
  public String secret() {
    return Secrets.random(random);
  }

  /** Makes one of 256 random bits. */
  public Made make(ApiToken.Wanted wanted) {
    String secret = Secrets.random(random);
    return new Made(secret, store.add(wanted, Secrets.sha256(secret)));
  }
}
