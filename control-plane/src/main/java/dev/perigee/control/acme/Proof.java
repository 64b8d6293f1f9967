package dev.perigee.control.acme;

import dev.perigee.contract.AcmeToken;

/** What an authority is to find, so that it believes that a host is this network's. */
sealed interface Proof {
  /** At the edges, by HTTP (RFC 8555, section 8.3). */
  record Http(AcmeToken token) implements Proof {}

  /**
   * In the DNS (RFC 8555, section 8.4).
   *
   * @param name of the TXT record
   */
  record Dns(String name, String text) implements Proof {
    /** Of the record that proves a host; a wildcard is proved by the name above it. */
    static String name(String host) {
      return "_acme-challenge." + (host.startsWith("*.") ? host.substring(2) : host);
    }
  }
}
