package dev.perigee.control.signin;

import dev.perigee.control.store.SignIn;
import dev.perigee.control.store.SignInStore;
import dev.perigee.keys.SealingKeys;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way of a person from the console to the provider and back. */
public final class SignInFlow implements AutoCloseable {
  /** How long somebody may take at the provider. */
  public static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final Logger LOG = LoggerFactory.getLogger(SignInFlow.class);
  private static final int MOST_AT_ONCE = 16;
  private static final int MOST_TEXT = 4096;

  private final SignInConfig config;
  private final OpenIdProvider provider;
  private final SignInStore store;
  private final SealingKeys keys;
  private final InstantSource clock;
  private final SecureRandom random;
  private final Semaphore room = new Semaphore(MOST_AT_ONCE);

  /**
   * A flow.
   *
   * @param keys that seal what browsers keep; all control planes share them
   * @param nanos a clock that only runs forward
   */
  public SignInFlow(
      SignInConfig config,
      SignInStore store,
      SealingKeys keys,
      InstantSource clock,
      SecureRandom random,
      LongSupplier nanos) {
    this.config = config;
    this.provider = new OpenIdProvider(config, nanos);
    this.store = store;
    this.keys = keys;
    this.clock = clock;
    this.random = random;
  }

  /** The provider's name, for people. */
  public String name() {
    return config.name();
  }

  /** Of the tokens that people get. */
  public Duration life() {
    return config.life();
  }

  /** Whether the console is reached over TLS, so that cookies go nowhere else. */
  public boolean isSecure() {
    return "https".equals(config.callback().getScheme());
  }

  /** What came of it. */
  public sealed interface Came {
    /** The way to the provider. */
    record On(Begun begun) implements Came {}

    /** The provider vouches for somebody who may come in. */
    record In(String name, SignIn as) implements Came {}

    /** Nobody is signed in. */
    record Not(NotSignedIn why, String name) implements Came {}
  }

  /** Somebody wants to sign in. */
  public Came begin() {
    return within(
        () -> {
          Attempt attempt = Attempt.begin(random, clock.instant().plus(PATIENCE));
          return new Came.On(new Begun(provider.authorization(attempt), attempt.seal(keys)));
        });
  }

  /**
   * What the provider sent a browser back with: RFC 6749, section 4.1.2.
   *
   * @param error instead of a code
   * @param issuer RFC 9207
   */
  public record Answer(
      Optional<String> state,
      Optional<String> code,
      Optional<String> error,
      Optional<String> issuer) {}

  /**
   * Somebody comes back.
   *
   * @param cookie that was given to the browser
   */
  public Came end(Answer answer, Optional<String> cookie) {
    Optional<Attempt> attempt =
        cookie
            .flatMap(text -> Attempt.open(text, keys, clock.instant()))
            .filter(one -> answer.state().equals(Optional.of(one.state())));
    if (attempt.isEmpty()) {
      return new Came.Not(NotSignedIn.EXPIRED, "");
    }
    return within(
        () -> {
          if (!provider.isOurs(answer.issuer())) {
            throw new NotSignedIn.Failure(NotSignedIn.UNSOUND, "the answer is another issuer's");
          }
          Optional<String> code = answer.code().filter(text -> text.length() <= MOST_TEXT);
          if (answer.error().isPresent() || code.isEmpty() || code.get().isBlank()) {
            String why = answer.error().orElse("no code");
            // RFC 6749, section 4.1.2.1; anybody can send it.
            String plain = why.replaceAll("[^ -~]", "?");
            throw new NotSignedIn.Failure(
                NotSignedIn.REFUSED, plain.substring(0, Math.min(plain.length(), 100)));
          }
          Person person = provider.person(code.get(), attempt.get());
          return store
              .of(person.sub(), person.email(), person.groups())
              .<Came>map(as -> new Came.In(person.name(), as))
              .orElseGet(() -> new Came.Not(NotSignedIn.STRANGER, person.name()));
        });
  }

  /** Something that may fail. */
  private interface Step {
    Came go() throws NotSignedIn.Failure;
  }

  private Came within(Step step) {
    if (!room.tryAcquire()) {
      return new Came.Not(NotSignedIn.BUSY, "");
    }
    try {
      return step.go();
    } catch (NotSignedIn.Failure e) {
      if (e.why() == NotSignedIn.REFUSED) {
        LOG.debug("{} did not sign somebody in: {}", config.issuer(), e.getMessage());
      } else {
        LOG.warn("nobody is signed in by {}: {}", config.issuer(), e.getMessage());
      }
      return new Came.Not(e.why(), "");
    } finally {
      room.release();
    }
  }

  @Override
  public void close() {
    provider.close();
  }
}
