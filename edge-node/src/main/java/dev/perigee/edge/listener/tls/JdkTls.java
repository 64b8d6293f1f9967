package dev.perigee.edge.listener.tls;

import dev.perigee.contract.TicketKey;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;

/**
 * The JDK's TLS for one server name. Its tickets are sealed with keys of its own that cannot be
 * set: what one node sealed no other one can read. Where readers are asked for certificates each
 * connection has a context of its own, so that nothing can be resumed.
 */
final class JdkTls implements NamedTls {
  private static final int SESSIONS = 1024;

  private final Which which;
  private final SniKeys keys;
  private final Optional<ReaderTrust> asking;
  private final SSLContext shared;

  JdkTls(Which which, SniKeys keys, InstantSource clock) throws GeneralSecurityException {
    this.which = which;
    this.keys = keys;
    this.asking =
        which.terms().isEmpty()
            ? Optional.empty()
            : Optional.of(new ReaderTrust(which.terms().get(), clock, CertificateException::new));
    shared = context();
  }

  private SSLContext context() throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    TrustManager trust = asking.isPresent() ? asking.get() : new NobodyTrusted();
    context.init(new KeyManager[] {keys}, new TrustManager[] {trust}, /* random= */ null);
    context.getServerSessionContext().setSessionCacheSize(SESSIONS);
    return context;
  }

  private SSLContext own() {
    try {
      return context();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a context that could be made before", e);
    }
  }

  @Override
  public Made engine() {
    SSLEngine bare = (asking.isPresent() ? own() : shared).createSSLEngine();
    bare.setUseClientMode(false);
    SSLParameters parameters = bare.getSSLParameters();
    parameters.setProtocols(which.profile().protocols());
    parameters.setCipherSuites(SUITES.toArray(String[]::new));
    parameters.setApplicationProtocols(PROTOCOLS.toArray(String[]::new));
    parameters.setSNIMatchers(List.of(new OneName(which.serverName())));
    asking.ifPresent(
        one -> {
          if (one.terms().asked().isRequired()) {
            parameters.setNeedClientAuth(true);
          } else {
            parameters.setWantClientAuth(true);
          }
        });
    bare.setSSLParameters(parameters);
    return new Made(bare, asking);
  }

  @Override
  public void tickets(List<TicketKey> keys) {
    // it has its own
  }

  @Override
  public void hold() {
    // nothing outside the heap
  }

  @Override
  public void letGo() {
    // nothing outside the heap
  }
}
