package dev.perigee.edge.listener.tls;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.edge.table.HashTrie;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.StandardConstants;

/**
 * The TLS side of the HTTPS listeners: TLS 1.2 and 1.3, the certificate by server name from a table
 * that is swapped while connections run. A name without a certificate is refused with
 * unrecognized_name (RFC 6066, section 3).
 */
public final class ServerTls {
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

  /** AEAD with forward secrecy; Undertow offers h2 only where the RSA AES-128 one is among them. */
  private static final List<String> SUITES =
      List.of(
          "TLS_AES_128_GCM_SHA256",
          "TLS_AES_256_GCM_SHA384",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  private final AtomicReference<List<CertificateTable>> tables =
      new AtomicReference<>(List.of(CertificateTable.empty()));
  private final AtomicLong unrecognizedNames = new AtomicLong();
  private final SSLContext context;
  private final TlsEngine engine;

  /**
   * Chooses the engine; there is no certificate yet.
   *
   * @throws GeneralSecurityException when the engine asked for cannot be had
   */
  public ServerTls(TlsEngine wanted) throws GeneralSecurityException {
    engine = choose(wanted);
    SniKeys keys = new SniKeys(tables::get);
    SSLContext jdk = SSLContext.getInstance("TLS");
    jdk.init(new KeyManager[] {keys}, null, null);
    Supplier<SSLEngine> engines =
        engine == TlsEngine.BORINGSSL ? boringssl(keys) : () -> jdkEngine(jdk);
    context = new EngineContext(jdk, engines);
  }

  /** What Undertow's HTTPS listeners take. */
  public SSLContext context() {
    return context;
  }

  /** Which engine it is: never AUTO. */
  public TlsEngine engine() {
    return engine;
  }

  /** Handshakes refused because no certificate is for their server name. */
  public long unrecognizedNames() {
    return unrecognizedNames.get();
  }

  /**
   * Puts these certificates in force for every handshake from now on; costs what is not as it was.
   *
   * @param certificates by id
   * @throws GeneralSecurityException when one of them cannot be loaded: nothing changes
   */
  public synchronized void swap(HashTrie<CertificateConfig> certificates)
      throws GeneralSecurityException {
    CertificateTable before = tables.get().getFirst();
    CertificateTable next = before.with(certificates);
    if (next != before) {
      tables.set(List.of(next, before));
    }
  }

  private static TlsEngine choose(TlsEngine wanted) throws GeneralSecurityException {
    return switch (wanted) {
      case JDK -> TlsEngine.JDK;
      case AUTO -> OpenSsl.isAvailable() ? TlsEngine.BORINGSSL : TlsEngine.JDK;
      case BORINGSSL -> {
        if (!OpenSsl.isAvailable()) {
          throw new GeneralSecurityException(
              "BoringSSL cannot be loaded here", OpenSsl.unavailabilityCause());
        }
        yield TlsEngine.BORINGSSL;
      }
    };
  }

  private Supplier<SSLEngine> boringssl(SniKeys keys) throws GeneralSecurityException {
    try {
      SslContext netty =
          SslContextBuilder.forServer(
                  new OpenSslCachingX509KeyManagerFactory(new SniKeysFactory(keys)))
              .sslProvider(SslProvider.OPENSSL)
              .protocols(PROTOCOLS)
              .ciphers(SUITES)
              .applicationProtocolConfig(
                  new ApplicationProtocolConfig(
                      Protocol.ALPN,
                      SelectorFailureBehavior.NO_ADVERTISE,
                      SelectedListenerFailureBehavior.ACCEPT,
                      "h2",
                      "http/1.1"))
              .build();
      return () -> {
        var bare = (ReferenceCountedOpenSslEngine) netty.newEngine(ByteBufAllocator.DEFAULT);
        requireKnownName(bare);
        return new BoringSslEngine(bare);
      };
    } catch (SSLException e) {
      throw new GeneralSecurityException("BoringSSL cannot be set up", e);
    }
  }

  private SSLEngine jdkEngine(SSLContext jdk) {
    SSLEngine bare = jdk.createSSLEngine();
    bare.setUseClientMode(false);
    bare.setEnabledProtocols(PROTOCOLS);
    bare.setEnabledCipherSuites(SUITES.toArray(String[]::new));
    requireKnownName(bare);
    return bare;
  }

  private void requireKnownName(SSLEngine bare) {
    SSLParameters parameters = bare.getSSLParameters();
    parameters.setSNIMatchers(List.of(new KnownName()));
    bare.setSSLParameters(parameters);
  }

  /** Accepts the server names that a certificate is for, and counts the others. */
  private final class KnownName extends SNIMatcher {
    private KnownName() {
      super(StandardConstants.SNI_HOST_NAME);
    }

    @Override
    public boolean matches(SNIServerName name) {
      boolean known = tables.get().getFirst().covers(ascii(name));
      if (!known) {
        unrecognizedNames.incrementAndGet();
      }
      return known;
    }

    private static String ascii(SNIServerName name) {
      try {
        return new SNIHostName(name.getEncoded()).getAsciiName();
      } catch (IllegalArgumentException e) {
        return ""; // no name that a certificate could be for
      }
    }
  }
}
