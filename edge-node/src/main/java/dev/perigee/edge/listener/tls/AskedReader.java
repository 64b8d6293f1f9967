package dev.perigee.edge.listener.tls;

import dev.perigee.edge.request.CertificateTerms;
import java.time.InstantSource;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/**
 * A reader who was asked for a certificate in the handshake of a connection. There is no resumption
 * where certificates are asked for, so each one was shown in its own handshake.
 */
public final class AskedReader {
  /** Under which name a session keeps who asked. */
  private static final String ASKING = AskedReader.class.getName();

  private final CertificateTerms terms;
  private final InstantSource clock;
  private final Optional<ReaderTrust.Shown> shown;

  private AskedReader(ReaderTrust trust, SSLSession session) {
    terms = trust.terms();
    clock = trust.clock();
    shown = ReaderTrust.shown(session);
  }

  /** Notes who asks in the handshake of a session. */
  static void note(SSLSession session, ReaderTrust asking) {
    session.putValue(ASKING, asking);
  }

  /** The one of a session whose handshake is done; empty where none was asked. */
  public static Optional<AskedReader> of(SSLSession session) {
    return session.getValue(ASKING) instanceof ReaderTrust asking
        ? Optional.of(new AskedReader(asking, session))
        : Optional.empty();
  }

  /** Under which terms the handshake was. */
  public CertificateTerms terms() {
    return terms;
  }

  /**
   * What Client-Cert says of the reader; empty without a certificate that is taken, and from its
   * end on.
   */
  public Optional<String> clientCert() {
    return shown
        .filter(one -> !clock.instant().isAfter(one.notAfter()))
        .map(ReaderTrust.Shown::field);
  }
}
