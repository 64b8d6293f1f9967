package dev.perigee.control.store;

import dev.perigee.contract.CertificateConfig;
import java.time.Instant;
import java.util.List;

/** The sites' certificates with their keys. Calls block. */
public interface CertificateStore {
  /**
   * Takes a certificate chain and its key, both PEM. Refused as a field's problem: broken PEM
   * ({@code certificate}, {@code privateKey}), a key that does not match, an expired or not yet
   * valid leaf, a chain in the wrong order, a leaf without DNS names.
   */
  Change<CertificateSummary> add(String chainPem, String privateKeyPem);

  Change<CertificateSummary> remove(String id);

  /** All certificates, by their first host, without keys. */
  List<CertificateSummary> all();

  /** All certificates with keys, for the edges. */
  List<CertificateConfig> allWithKeys();

  /**
   * A certificate without its key.
   *
   * @param id lower-case hexadecimal SHA-256 of the leaf
   */
  record CertificateSummary(
      String id, List<String> hosts, String issuer, Instant notBefore, Instant notAfter) {
    public CertificateSummary {
      hosts = List.copyOf(hosts);
    }
  }
}
