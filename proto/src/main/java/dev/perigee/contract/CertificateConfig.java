package dev.perigee.contract;

import java.util.List;

/**
 * A certificate with its key, for the hosts it names.
 *
 * @param id lower-case hexadecimal SHA-256 of the leaf's DER form
 * @param hosts normalised DNS names of the leaf, wildcards as {@code *.}
 * @param chain DER forms, the leaf first
 * @param privateKey PKCS #8 DER form; a secret
 */
public record CertificateConfig(
    String id, List<String> hosts, List<Bytes> chain, Bytes privateKey) {
  /** Copies the collections. */
  public CertificateConfig {
    hosts = List.copyOf(hosts);
    chain = List.copyOf(chain);
  }
}
