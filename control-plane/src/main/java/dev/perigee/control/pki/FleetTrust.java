package dev.perigee.control.pki;

import dev.perigee.keys.ChainTrust;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.function.Supplier;
import org.bouncycastle.asn1.x509.KeyPurposeId;

/**
 * Trusts those of the fleet: what any CA signed that is trusted at the time. A node may come with a
 * certificate that has expired, as it has no other to be given a new one by: what it may do with it
 * each method says. A control plane may not.
 */
public final class FleetTrust extends ChainTrust {
  private final Supplier<List<X509Certificate>> trusted;
  private final InstantSource clock;

  public FleetTrust(Supplier<List<X509Certificate>> trusted, InstantSource clock) {
    this.trusted = trusted;
    this.clock = clock;
  }

  /** Whether a certificate is not valid any more. */
  public boolean isExpired(X509Certificate leaf) {
    return clock.instant().isAfter(leaf.getNotAfter().toInstant());
  }

  private X509Certificate check(X509Certificate[] chain) throws CertificateException {
    X509Certificate leaf = chain[0];
    if (leaf.getBasicConstraints() >= 0 || EdgeAuthority.issuer(leaf, trusted.get()).isEmpty()) {
      throw new CertificateException("the certificate is of no edge CA that is trusted");
    }
    return leaf;
  }

  @Override
  protected void checkClient(X509Certificate[] chain) throws CertificateException {
    X509Certificate leaf = check(chain);
    if (EdgeAuthority.isControlPlane(leaf)) {
      leaf.checkValidity(now());
    } else if (clock.instant().isBefore(leaf.getNotBefore().toInstant())) {
      throw new CertificateException("the certificate is not valid yet");
    }
    if (!isFor(leaf, KeyPurposeId.id_kp_clientAuth)) {
      throw new CertificateException("the certificate is not made for clients");
    }
  }

  @Override
  protected void checkServer(X509Certificate[] chain) throws CertificateException {
    X509Certificate leaf = check(chain);
    leaf.checkValidity(now());
    if (!EdgeAuthority.isControlPlane(leaf)) {
      throw new CertificateException("the certificate is not a control plane's");
    }
  }

  private static boolean isFor(X509Certificate leaf, KeyPurposeId use)
      throws CertificateParsingException {
    List<String> uses = leaf.getExtendedKeyUsage();
    return uses != null && uses.contains(use.getId());
  }

  private Date now() {
    return Date.from(clock.instant());
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return trusted.get().toArray(X509Certificate[]::new);
  }
}
