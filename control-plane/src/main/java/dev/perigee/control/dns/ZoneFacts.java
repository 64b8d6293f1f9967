package dev.perigee.control.dns;

import java.util.Map;
import java.util.Set;

/**
 * What the zone holds beside sites and nodes.
 *
 * @param certificates hosts that the edges have a certificate for, wildcards among them
 * @param texts by name, normalised: its TXT records
 * @param keys that sign it
 */
record ZoneFacts(Set<String> certificates, Map<String, Texts> texts, ZoneKeys keys) {
  /** No certificate and no text. */
  static final ZoneFacts NONE = new ZoneFacts(Set.of(), Map.of());

  ZoneFacts {
    certificates = Set.copyOf(certificates);
    texts = Map.copyOf(texts);
  }

  /** In a zone that is not signed. */
  ZoneFacts(Set<String> certificates, Map<String, Texts> texts) {
    this(certificates, texts, ZoneKeys.NONE);
  }

  /** Whether a certificate covers this host or wildcard (RFC 6125, section 6.4.3). */
  boolean hasCertificate(String host) {
    int dot = host.indexOf('.');
    return certificates.contains(host)
        || (dot > 0 && certificates.contains("*" + host.substring(dot)));
  }
}
