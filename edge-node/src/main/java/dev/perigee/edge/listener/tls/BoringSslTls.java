package dev.perigee.edge.listener.tls;

import dev.perigee.contract.TicketKey;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.netty.handler.ssl.OpenSslServerContext;
import io.netty.handler.ssl.OpenSslServerSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/**
 * BoringSSL for one server name. Nothing is remembered of a session but what its ticket holds, and
 * the ticket of another name resumes nothing here (RFC 6066, section 3).
 */
final class BoringSslTls implements NamedTls {
  private static final ApplicationProtocolConfig ALPN =
      new ApplicationProtocolConfig(
          Protocol.ALPN,
          SelectorFailureBehavior.NO_ADVERTISE,
          SelectedListenerFailureBehavior.ACCEPT,
          PROTOCOLS);

  /** A key is read by for at least so long after it made its last ticket. */
  private static final long TICKET_SECONDS = 12 * 60 * 60;

  private final Which which;
  private final OpenSslServerContext netty;

  BoringSslTls(Which which, SniKeys keys) throws GeneralSecurityException {
    this.which = which;
    try {
      netty =
          (OpenSslServerContext)
              SslContextBuilder.forServer(
                      new OpenSslCachingX509KeyManagerFactory(new SniKeysFactory(keys)))
                  .sslProvider(SslProvider.OPENSSL)
                  .protocols(which.profile().protocols())
                  .ciphers(SUITES)
                  .trustManager(new NobodyTrusted())
                  .sessionTimeout(TICKET_SECONDS)
                  .applicationProtocolConfig(ALPN)
                  .build();
    } catch (SSLException e) {
      throw new GeneralSecurityException("BoringSSL cannot be set up", e);
    }
    OpenSslServerSessionContext sessions = netty.sessionContext();
    sessions.setSessionCacheEnabled(false);
    if (!sessions.setSessionIdContext(binding(which))) {
      throw new GeneralSecurityException("sessions cannot be bound to a server name");
    }
  }

  /** What a ticket is good for. */
  private static byte[] binding(Which which) throws GeneralSecurityException {
    return MessageDigest.getInstance("SHA-256")
        .digest(which.serverName().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public SSLEngine engine() {
    SSLEngine bare = netty.newEngine(ByteBufAllocator.DEFAULT);
    SSLParameters parameters = bare.getSSLParameters();
    parameters.setSNIMatchers(List.of(new OneName(which.serverName())));
    bare.setSSLParameters(parameters);
    return bare;
  }

  @Override
  public void tickets(List<TicketKey> keys) {
    if (!keys.isEmpty()) {
      netty
          .sessionContext()
          .setTicketKeys(
              keys.stream().map(BoringSslTls::key).toArray(OpenSslSessionTicketKey[]::new));
    }
  }

  private static OpenSslSessionTicketKey key(TicketKey key) {
    byte[] secret = key.secret().toArray();
    int half = secret.length / 2;
    return new OpenSslSessionTicketKey(
        key.name().toArray(),
        Arrays.copyOfRange(secret, 0, half),
        Arrays.copyOfRange(secret, half, secret.length));
  }

  @Override
  public void hold() {
    netty.retain();
  }

  @Override
  public void letGo() {
    netty.release(); // each engine holds it too
  }
}
