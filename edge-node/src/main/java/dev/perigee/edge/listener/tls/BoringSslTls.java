package dev.perigee.edge.listener.tls;

import dev.perigee.contract.TicketKey;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.OpenSslServerContext;
import io.netty.handler.ssl.OpenSslServerSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.internal.tcnative.CertificateVerifier;
import io.netty.internal.tcnative.SSL;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;

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

  /** Octets of certificates that a reader may send, as its connection holds them to its end. */
  private static final int MAX_CHAIN_BYTES = 32 * 1024;

  private final Which which;
  private final Optional<ReaderTrust> asking;
  private final OpenSslServerContext netty;

  BoringSslTls(Which which, SniKeys keys, InstantSource clock) throws GeneralSecurityException {
    this.which = which;
    this.asking =
        which.terms().isEmpty()
            ? Optional.empty()
            : Optional.of(new ReaderTrust(which.terms().get(), clock, BoringSslTls::unknown));
    TrustManager trust = asking.isPresent() ? asking.get() : new NobodyTrusted();
    try {
      netty =
          (OpenSslServerContext)
              SslContextBuilder.forServer(
                      new OpenSslCachingX509KeyManagerFactory(new SniKeysFactory(keys)))
                  .sslProvider(SslProvider.OPENSSL)
                  .protocols(which.profile().protocols())
                  .ciphers(SUITES)
                  .trustManager(trust)
                  .clientAuth(clientAuth())
                  .option(OpenSslContextOption.MAX_CERTIFICATE_LIST_BYTES, MAX_CHAIN_BYTES)
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

  private ClientAuth clientAuth() {
    return asking
        .map(one -> one.terms().asked().isRequired() ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL)
        .orElse(ClientAuth.NONE);
  }

  private static CertificateException unknown(String sentence) {
    return new OpenSslCertificateException(
        sentence, CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  }

  /** What a ticket is good for. */
  private static byte[] binding(Which which) throws GeneralSecurityException {
    return MessageDigest.getInstance("SHA-256")
        .digest(which.serverName().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public Made engine() {
    SSLEngine bare = netty.newEngine(ByteBufAllocator.DEFAULT);
    if (asking.isPresent() && bare instanceof ReferenceCountedOpenSslEngine one) {
      // BoringSSL would make tickets with a key of its own.
      SSL.setOptions(one.sslPointer(), SSL.SSL_OP_NO_TICKET);
    }
    SSLParameters parameters = bare.getSSLParameters();
    parameters.setSNIMatchers(List.of(new OneName(which.serverName())));
    bare.setSSLParameters(parameters);
    return new Made(bare, asking);
  }

  @Override
  public void tickets(List<TicketKey> keys) {
    if (!keys.isEmpty() && asking.isEmpty()) {
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
