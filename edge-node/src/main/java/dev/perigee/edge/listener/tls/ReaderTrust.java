package dev.perigee.edge.listener.tls;

import dev.perigee.contract.Bytes;
import dev.perigee.edge.request.CertificateTerms;
import dev.perigee.edge.request.ClientCert;
import dev.perigee.keys.ChainTrust;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;

/**
 * Takes the certificates of readers that the authorities of one site have signed, for clients, and
 * no others (RFC 5280, section 6). A chain is taken as it was sent, each certificate signed by the
 * next: no other way is looked for, so that what it costs is bounded by its length. That is done in
 * the handshake, away from the I/O threads. Where none is required, one that is not taken does not
 * end the handshake: it is as if there were none.
 */
final class ReaderTrust extends ChainTrust {
  private static final int MAX_CHAIN = 8;
  private static final String FOR_CLIENTS = "1.3.6.1.5.5.7.3.2";
  private static final String FOR_ANYTHING = "2.5.29.37.0";

  /** Under which name a handshake's session keeps what was taken. */
  private static final String SHOWN = Shown.class.getName();

  /**
   * A certificate that is taken.
   *
   * @param field as origins are told of it
   */
  record Shown(String field, Instant notAfter) {}

  private final CertificateTerms terms;
  private final List<X509Certificate> authorities;
  private final InstantSource clock;
  private final Function<String, CertificateException> ofUnknown;

  /**
   * Reads the authorities' certificates.
   *
   * @param ofUnknown the exception that becomes the alert unknown_ca, of what it says
   * @throws GeneralSecurityException when one of them cannot be read
   */
  ReaderTrust(
      CertificateTerms terms, InstantSource clock, Function<String, CertificateException> ofUnknown)
      throws GeneralSecurityException {
    this.terms = terms;
    this.clock = clock;
    this.ofUnknown = ofUnknown;
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<X509Certificate> read = new ArrayList<>();
    for (Bytes der : terms.asked().authorities()) {
      read.add(
          (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der.toArray())));
    }
    authorities = List.copyOf(read);
  }

  CertificateTerms terms() {
    return terms;
  }

  InstantSource clock() {
    return clock;
  }

  @Override
  protected void checkClient(X509Certificate[] chain) throws CertificateException {
    check(chain);
  }

  @Override
  protected void checkClient(X509Certificate[] chain, SSLEngine engine)
      throws CertificateException {
    try {
      Shown shown = check(chain);
      engine.getHandshakeSession().putValue(SHOWN, shown);
    } catch (CertificateException | RuntimeException e) {
      if (terms.asked().isRequired()) {
        throw e;
      }
    }
  }

  /** What the handshake of this session took; empty where it took none. */
  static Optional<Shown> shown(SSLSession session) {
    return session.getValue(SHOWN) instanceof Shown shown ? Optional.of(shown) : Optional.empty();
  }

  @Override
  protected void checkServer(X509Certificate[] chain) throws CertificateException {
    throw new CertificateException("this is a server");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authorities.toArray(X509Certificate[]::new);
  }

  /** Throws where the first of these is not taken. */
  Shown check(X509Certificate[] sent) throws CertificateException {
    if (sent.length == 0 || sent.length > MAX_CHAIN) {
      throw new CertificateException("a chain is 1 to " + MAX_CHAIN + " certificates");
    }
    byte[] der = sent[0].getEncoded();
    if (der.length > ClientCert.MAX_OCTETS) {
      throw new CertificateException("a certificate is at most " + ClientCert.MAX_OCTETS + " long");
    }
    List<X509Certificate> chain = read(sent);
    X509Certificate leaf = chain.getFirst();
    Instant now = clock.instant();
    // First, so that its end is what is told of one that is over.
    leaf.checkValidity(Date.from(now));
    purpose(leaf);
    List<X509Certificate> path =
        chain.stream().takeWhile(one -> !authorities.contains(one)).toList();
    if (path.isEmpty()) {
      throw new CertificateException("the certificate of an authority is no reader's");
    }
    validate(path, now);
    return new Shown(ClientCert.value(der), leaf.getNotAfter().toInstant());
  }

  /** Those of netty are read when they are first asked, and then throw what nobody expects. */
  private static List<X509Certificate> read(X509Certificate[] sent) throws CertificateException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<X509Certificate> read = new ArrayList<>();
    for (X509Certificate one : sent) {
      read.add(
          (X509Certificate)
              factory.generateCertificate(new ByteArrayInputStream(one.getEncoded())));
    }
    return read;
  }

  private static void purpose(X509Certificate leaf) throws CertificateException {
    boolean[] usage = leaf.getKeyUsage();
    if (usage != null && !usage[0]) {
      throw new CertificateException("its key is not for signatures");
    }
    List<String> purposes = leaf.getExtendedKeyUsage();
    boolean fits =
        purposes == null || purposes.contains(FOR_CLIENTS) || purposes.contains(FOR_ANYTHING);
    if (!fits) {
      throw new CertificateException("it is not for clients");
    }
  }

  private void validate(List<X509Certificate> path, Instant now) throws CertificateException {
    Set<TrustAnchor> anchors = new HashSet<>();
    authorities.stream()
        .filter(authority -> isValid(authority, now))
        .forEach(authority -> anchors.add(new TrustAnchor(authority, /* nameConstraints= */ null)));
    if (anchors.isEmpty()) {
      throw ofUnknown.apply("the certificates of all authorities are over");
    }
    try {
      PKIXParameters parameters = new PKIXParameters(anchors);
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(now));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
    } catch (CertPathValidatorException e) {
      throw isOfNoAuthority(e, path.size() - 1)
          ? ofUnknown.apply("it is of no authority of the site")
          : new CertificateException("its chain does not hold", e);
    } catch (GeneralSecurityException e) {
      throw new CertificateException("its chain cannot be read", e);
    }
  }

  /** Whether its last certificate is signed by none, also where one has the name of who signed. */
  private static boolean isOfNoAuthority(CertPathValidatorException why, int last) {
    return why.getReason() == PKIXReason.NO_TRUST_ANCHOR
        || (why.getReason() == BasicReason.INVALID_SIGNATURE && why.getIndex() == last);
  }

  private static boolean isValid(X509Certificate authority, Instant now) {
    return !now.isBefore(authority.getNotBefore().toInstant())
        && !now.isAfter(authority.getNotAfter().toInstant());
  }
}
