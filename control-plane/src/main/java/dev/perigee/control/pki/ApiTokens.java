package dev.perigee.control.pki;

import dev.perigee.control.store.ApiToken;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.SignIn;
import dev.perigee.control.store.SignInStore;
import dev.perigee.control.store.TokenStore;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The tokens that the API accepts: the operator's in the file, which needs no database, and those
 * that were made since. A secret is looked up by its hash, so how long that takes says nothing of
 * how much of a guess was right.
 */
public final class ApiTokens {
  private static final int MOST_SECRET = 200;

  private final OperatorTokens file;
  private final TokenStore store;
  private final TokenGuesses guesses;
  private final SecureRandom random;

  /**
   * Tokens.
   *
   * @param nanos a clock that only runs forward
   */
  public ApiTokens(
      OperatorTokens file,
      TokenStore store,
      GuessLimits limits,
      SecureRandom random,
      LongSupplier nanos) {
    this.file = file;
    this.store = store;
    this.guesses = new TokenGuesses(limits, nanos);
    this.random = random;
  }

  /** The answer to somebody who sends a token. */
  public sealed interface Sent {
    /** It is good. */
    record Known(Caller caller) implements Sent {}

    /** It is unknown, expired or revoked, or there is none. */
    record Unknown() implements Sent {}

    /** It is not good either, and there were too many of those from there. */
    record Later(Duration retryAfter) implements Sent {}
  }

  /** Who sends this secret. */
  public Sent look(InetAddress from, String secret) {
    if (secret.isEmpty() || secret.length() > MOST_SECRET) {
      return new Sent.Unknown();
    }
    // The operator's first: it needs no database, and nobody's guesses stand in its way.
    Optional<Caller> caller =
        file.isValid(secret)
            ? Optional.of(Caller.OPERATOR)
            : store.good(Secrets.sha256(secret)).map(ApiTokens::caller);
    return caller.<Sent>map(Sent.Known::new).orElseGet(() -> wrong(from));
  }

  private Sent wrong(InetAddress from) {
    return guesses.wrong(from).<Sent>map(Sent.Later::new).orElseGet(Sent.Unknown::new);
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

  /** Makes one for somebody who signed in. */
  public Made admit(SignInStore signIns, SignIn as, String name, Duration life) {
    String secret = Secrets.random(random);
    return new Made(secret, signIns.admit(as, name, Secrets.sha256(secret), life));
  }

  /** Revokes one that came of signing in; others stay good. */
  public void leave(SignInStore signIns, String secret) {
    if (!secret.isEmpty() && secret.length() <= MOST_SECRET) {
      signIns.leave(Secrets.sha256(secret));
    }
  }

  /** Makes one of 256 random bits. */
  public Made make(ApiToken.Wanted wanted) {
    String secret = Secrets.random(random);
    return new Made(secret, store.add(wanted, Secrets.sha256(secret)));
  }
}
