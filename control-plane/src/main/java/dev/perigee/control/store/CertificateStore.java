package dev.perigee.control.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The sites' certificates with their keys. Calls block. */
public interface CertificateStore {
  /**
   * Takes a certificate chain and its key, both PEM. Refused as a field's problem: broken PEM
   * ({@code certificate}, {@code privateKey}), a key that does not match, an expired or not yet
   * valid leaf, a chain in the wrong order, a leaf without DNS names.
   *
   * @param organisation that it belongs to, and whose sites alone it serves; one that is here
   *     already stays whose it is
   * @param byOperator whether an operator says so; else the hosts must be the organisation's
   */
  Change<CertificateSummary> add(
      String organisation, boolean byOperator, String chainPem, String privateKeyPem);

  /** The same, for the first organisation. */
  default Change<CertificateSummary> add(String chainPem, String privateKeyPem) {
    return add(Organisation.FIRST, true, chainPem, privateKeyPem);
  }

  /** Removes one that is within purview. */
  Change<CertificateSummary> remove(Purview purview, String id);

  /** Removes any. */
  default Change<CertificateSummary> remove(String id) {
    return remove(Purview.ALL, id);
  }

  /** One within view. */
  Optional<CertificateSummary> find(Purview purview, String id);

  /** The certificates within purview, by their first host, without keys. */
  List<CertificateSummary> all(Purview purview);

  /** All certificates, by their first host, without keys. */
  default List<CertificateSummary> all() {
    return all(Purview.ALL);
  }

  /**
   * A certificate without its key.
   *
   * @param id lower-case hexadecimal SHA-256 of the leaf
   * @param organisation whose sites it serves
   * @param site for which it was got of an authority; empty where it was uploaded
   */
  record CertificateSummary(
      String id,
      List<String> hosts,
      String issuer,
      Instant notBefore,
      Instant notAfter,
      String organisation,
      Optional<String> site) {
    public CertificateSummary {
      hosts = List.copyOf(hosts);
    }
  }
}
