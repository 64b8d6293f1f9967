package dev.perigee.edge.config;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.HostName;
import dev.perigee.keys.ChainTrust;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Trusts one CA, or two while one takes the place of another, by their certificates' SHA-256: the
 * control plane shows its own certificate and the CA's, the first must be signed by the second,
 * valid, made for servers and, when called by name, of that name. Edges hold certificates of the
 * same CA: without the check for servers one edge could pass for the control plane.
 */
final class PinnedTrust extends ChainTrust {
  private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
  private static final int DNS_NAME = 2;

  private final Set<String> caFingerprints;
  private final ControlAddress address;
  private final InstantSource now;

  PinnedTrust(Set<String> caFingerprints, ControlAddress address, InstantSource now) {
    this.caFingerprints = Set.copyOf(caFingerprints);
    this.address = address;
    this.now = now;
  }

  static String fingerprint(X509Certificate certificate) throws GeneralSecurityException {
    return Bytes.copyOf(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()))
        .toHex();
  }

  @Override
  protected void checkServer(X509Certificate[] chain) throws CertificateException {
    try {
      X509Certificate leaf = chain[0];
      X509Certificate ca = chain[chain.length - 1];
      if (chain.length != 2 || !caFingerprints.contains(fingerprint(ca))) {
        throw new CertificateException(
            "the control plane's CA is not the one this node was told to trust;"
                + " where the edge CA was rotated, ask for a new join token");
      }
      Date date = Date.from(now.instant());
      ca.checkValidity(date);
      leaf.checkValidity(date);
      ca.verify(ca.getPublicKey());
      leaf.verify(ca.getPublicKey());
    } catch (CertificateException e) {
      throw e;
    } catch (GeneralSecurityException e) {
      throw new CertificateException("the control plane's certificate is not of its CA", e);
    }
    checkUse(chain[0]);
  }

  private void checkUse(X509Certificate leaf) throws CertificateException {
    List<String> uses = leaf.getExtendedKeyUsage();
    if (uses == null || !uses.contains(SERVER_AUTH)) {
      throw new CertificateException("the peer's certificate is not made for servers");
    }
    if (!address.isIp() && !isOfName(leaf.getSubjectAlternativeNames())) {
      throw new CertificateException("the control plane's certificate is not of " + address.host());
    }
  }

  private boolean isOfName(@Nullable Collection<List<?>> names) {
    String wanted = address.host().toLowerCase(Locale.ROOT);
    return names != null
        && names.stream()
            .anyMatch(
                name ->
                    Integer.valueOf(DNS_NAME).equals(name.get(0))
                        && HostName.matches(
                            String.valueOf(name.get(1)).toLowerCase(Locale.ROOT), wanted));
  }

  @Override
  protected void checkClient(X509Certificate[] chain) throws CertificateException {
    throw new CertificateException("no clients here");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
