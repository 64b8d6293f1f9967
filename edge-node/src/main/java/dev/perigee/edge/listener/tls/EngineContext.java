package dev.perigee.edge.listener.tls;

import java.security.SecureRandom;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/** An SSLContext whose engines come from elsewhere; all else is the JDK's. */
final class EngineContext extends SSLContext {
  EngineContext(SSLContext jdk, Supplier<SSLEngine> engines) {
    super(new Spi(jdk, engines), jdk.getProvider(), jdk.getProtocol());
  }

  private static final class Spi extends SSLContextSpi {
    private final SSLContext jdk;
    private final Supplier<SSLEngine> engines;

    private Spi(SSLContext jdk, Supplier<SSLEngine> engines) {
      this.jdk = jdk;
      this.engines = engines;
    }

    @Override
    protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random) {
      throw new IllegalStateException("it is initialised");
    }

    @Override
    protected SSLEngine engineCreateSSLEngine() {
      return engines.get();
    }

    @Override
    protected SSLEngine engineCreateSSLEngine(String host, int port) {
      return engines.get();
    }

    @Override
    protected SSLSocketFactory engineGetSocketFactory() {
      return jdk.getSocketFactory();
    }

    @Override
    protected SSLServerSocketFactory engineGetServerSocketFactory() {
      return jdk.getServerSocketFactory();
    }

    @Override
    protected SSLSessionContext engineGetServerSessionContext() {
      return jdk.getServerSessionContext();
    }

    @Override
    protected SSLSessionContext engineGetClientSessionContext() {
      return jdk.getClientSessionContext();
    }

    @Override
    protected SSLParameters engineGetDefaultSSLParameters() {
      return jdk.getDefaultSSLParameters();
    }

    @Override
    protected SSLParameters engineGetSupportedSSLParameters() {
      return jdk.getSupportedSSLParameters();
    }
  }
}
