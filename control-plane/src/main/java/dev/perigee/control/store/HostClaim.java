package dev.perigee.control.store;

import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * That a host belongs to an organisation, or is to once it proved control of it.
 *
 * @param host normalised; may be a wildcard
 * @param proof by what it was proved; empty while it is not
 * @param token what is to be found in the DNS or by HTTP; empty once it was, or where vouched for
 * @param at when it was proved, or the proof asked for
 */
public record HostClaim(
    String host, String organisation, Optional<Proof> proof, Optional<String> token, Instant at) {
  /** Claims of one organisation, those to be proved included. */
  static final int MOST = 2_000;

  /** What shows that a host is somebody's. */
  public enum Proof {
    /** A TXT record below the host. */
    DNS,
    /** A file of the host. */
    HTTP,
    /** An operator's word. */
    VOUCHED;

    /** As the database and the API call it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    static Optional<Proof> of(String word) {
      return Arrays.stream(values()).filter(proof -> proof.word().equals(word)).findFirst();
    }
  }

  public boolean isProved() {
    return proof.isPresent();
  }
}
