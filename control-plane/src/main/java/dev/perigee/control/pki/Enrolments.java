package dev.perigee.control.pki;

import dev.perigee.contract.JoinToken;
import dev.perigee.control.store.EnrolmentStore;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/** Join tokens out, client certificates for them in. */
public final class Enrolments implements JoinTokens {
  private static final Duration TOKEN_LIFE = Duration.ofHours(24);

  private final EnrolmentStore store;
  private final EdgeAuthority authority;
  private final InstantSource clock;
  private final SecureRandom random;

  public Enrolments(
      EnrolmentStore store, EdgeAuthority authority, InstantSource clock, SecureRandom random) {
    this.store = store;
    this.authority = authority;
    this.clock = clock;
    this.random = random;
  }

  @Override
  public JoinToken issue(String node) {
    String secret = Secrets.random(random);
    Instant now = clock.instant();
    if (!store.keepToken(node, Secrets.sha256(secret), now, now.plus(TOKEN_LIFE))) {
      throw new IllegalArgumentException("no such node: " + node);
    }
    return new JoinToken(node, secret, authority.fingerprint());
  }

  /** The answer to an enrolment. */
  public sealed interface Enrolled {
    record Signed(EdgeAuthority.Signed certificate) implements Enrolled {}

    record Refused(EnrolReason reason) implements Enrolled {}
  }

  /** Why a node gets no certificate. */
  public enum EnrolReason {
    TOKEN("The join token is unknown, used, expired or another node's: ask for a new one."),
    REQUEST("The certificate request is broken or its key too weak."),
    REVOKED("The node's certificate was replaced or the node removed: enrol with a new token."),
    TOO_OFTEN("The node was given as many certificates as it may be in a day: it has a good one.");

    private final String sentence;

    EnrolReason(String sentence) {
      this.sentence = sentence;
    }

    public String sentence() {
      return sentence;
    }
  }

  /** Trades a token for a certificate; an earlier certificate of the node is refused from then. */
  public Enrolled enrol(String node, String secret, byte[] request) {
    Optional<EdgeAuthority.Signed> signed = authority.signNode(node, request);
    if (signed.isEmpty()) {
      return new Enrolled.Refused(EnrolReason.REQUEST);
    }
    String serial = signed.get().certificate().getSerialNumber().toString(16);
    boolean taken = store.enrol(node, Secrets.sha256(secret), clock.instant(), serial);
    return taken ? new Enrolled.Signed(signed.get()) : new Enrolled.Refused(EnrolReason.TOKEN);
  }

  /** A new certificate for the holder of the current one, which stays good until it is used. */
  public Enrolled renew(String node, String oldSerial, byte[] request) {
    Optional<EdgeAuthority.Signed> signed = authority.signNode(node, request);
    if (signed.isEmpty()) {
      return new Enrolled.Refused(EnrolReason.REQUEST);
    }
    String serial = signed.get().certificate().getSerialNumber().toString(16);
    return switch (store.renew(node, oldSerial, serial)) {
      case NOTED -> new Enrolled.Signed(signed.get());
      case NOT_CURRENT -> new Enrolled.Refused(EnrolReason.REVOKED);
      case TOO_OFTEN -> new Enrolled.Refused(EnrolReason.TOO_OFTEN);
    };
  }
}
