package dev.perigee.edge.listener.tls;

import dev.perigee.contract.TicketKey;
import java.security.GeneralSecurityException;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;

/**
 * The JDK's TLS for one server name. Its tickets are sealed with keys of its own that cannot be
 * set: what one node sealed no other one can read.
 */
final class JdkTls implements NamedTls {
  private static final int SESSIONS = 1024;

  private final Which which;
  private final SSLContext context;

  JdkTls(Which which, SniKeys keys) throws GeneralSecurityException {
    this.which = which;
    context = SSLContext.getInstance("TLS");
    context.init(
        new KeyManager[] {keys}, new TrustManager[] {new NobodyTrusted()}, /* random= */ null);
    context.getServerSessionContext().setSessionCacheSize(SESSIONS);
  }

  @Override
  public SSLEngine engine() {
    SSLEngine bare = context.createSSLEngine();
    bare.setUseClientMode(false);
    SSLParameters parameters = bare.getSSLParameters();
    parameters.setProtocols(which.profile().protocols());
    parameters.setCipherSuites(SUITES.toArray(String[]::new));
    parameters.setApplicationProtocols(PROTOCOLS.toArray(String[]::new));
    parameters.setSNIMatchers(List.of(new OneName(which.serverName())));
    bare.setSSLParameters(parameters);
    return bare;
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
