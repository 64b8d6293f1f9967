package dev.perigee.edge.listener.tls;

import dev.perigee.edge.request.CertificateTerms;
import java.security.Principal;
import java.security.cert.Certificate;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import org.jspecify.annotations.Nullable;

/**
 * The session of a connection whose reader was asked for a certificate: what its engine says, and
 * whether there is one that is taken. There is no resumption where certificates are asked for, so
 * each one was shown in the handshake of its own connection. Used by one thread at a time.
 */
public final class ReaderSession implements SSLSession {
  private final SSLEngine engine;
  private final ReaderTrust trust;
  private boolean looked;
  private Optional<ReaderTrust.Shown> shown = Optional.empty();

  ReaderSession(SSLEngine engine, ReaderTrust trust) {
    this.engine = engine;
    this.trust = trust;
  }

  /** Under which terms the handshake was. */
  public CertificateTerms terms() {
    return trust.terms();
  }

  /**
   * What Client-Cert says of the reader; empty without a certificate that is taken, and from its
   * end on. Only once the handshake is done.
   */
  public Optional<String> clientCert() {
    if (!looked) {
      looked = true;
      shown = ReaderTrust.shown(session());
    }
    return shown
        .filter(one -> !trust.clock().instant().isAfter(one.notAfter()))
        .map(ReaderTrust.Shown::field);
  }

  private SSLSession session() {
    return engine.getSession();
  }

  @Override
  public byte[] getId() {
    return session().getId();
  }

  @Override
  public SSLSessionContext getSessionContext() {
    return session().getSessionContext();
  }

  @Override
  public long getCreationTime() {
    return session().getCreationTime();
  }

  @Override
  public long getLastAccessedTime() {
    return session().getLastAccessedTime();
  }

  @Override
  public void invalidate() {
    session().invalidate();
  }

  @Override
  public boolean isValid() {
    return session().isValid();
  }

  @Override
  public void putValue(String name, Object value) {
    session().putValue(name, value);
  }

  @Override
  public Object getValue(String name) {
    return session().getValue(name);
  }

  @Override
  public void removeValue(String name) {
    session().removeValue(name);
  }

  @Override
  public String[] getValueNames() {
    return session().getValueNames();
  }

  @Override
  public Certificate[] getPeerCertificates() throws SSLPeerUnverifiedException {
    return session().getPeerCertificates();
  }

  @Override
  public Certificate @Nullable [] getLocalCertificates() {
    return session().getLocalCertificates();
  }

  @Override
  public Principal getPeerPrincipal() throws SSLPeerUnverifiedException {
    return session().getPeerPrincipal();
  }

  @Override
  public @Nullable Principal getLocalPrincipal() {
    return session().getLocalPrincipal();
  }

  @Override
  public String getCipherSuite() {
    return session().getCipherSuite();
  }

  @Override
  public String getProtocol() {
    return session().getProtocol();
  }

  @Override
  public String getPeerHost() {
    return session().getPeerHost();
  }

  @Override
  public int getPeerPort() {
    return session().getPeerPort();
  }

  @Override
  public int getPacketBufferSize() {
    return session().getPacketBufferSize();
  }

  @Override
  public int getApplicationBufferSize() {
    return session().getApplicationBufferSize();
  }
}
