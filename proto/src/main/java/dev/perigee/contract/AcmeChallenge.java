package dev.perigee.contract;

import java.util.Arrays;
import java.util.Optional;

/** How a site's certificate is got of a certificate authority (RFC 8555, section 8). */
public enum AcmeChallenge {
  /** Not at all: its owner brings one, or it has none. */
  OFF("off"),
  /** The authority asks the edges by HTTP; not for wildcards. */
  HTTP_01("http-01"),
  /** The authority asks the DNS of this network. */
  DNS_01("dns-01");

  private final String token;

  AcmeChallenge(String token) {
    this.token = token;
  }

  /** As the contract and RFC 8555 have it. */
  public String token() {
    return token;
  }

  /** The one of this name. */
  public static Optional<AcmeChallenge> of(String token) {
    return Arrays.stream(values()).filter(one -> one.token.equals(token)).findFirst();
  }

  /** The same from a message or a row; nothing, and what is not known, is {@link #OFF}. */
  public static AcmeChallenge orOff(String token) {
    return of(token).orElse(OFF);
  }
}
