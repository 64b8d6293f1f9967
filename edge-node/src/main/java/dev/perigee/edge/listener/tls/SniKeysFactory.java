package dev.perigee.edge.listener.tls;

import java.security.KeyStore;
import java.security.Provider;
import java.security.Security;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyManagerFactorySpi;
import javax.net.ssl.ManagerFactoryParameters;
import org.jspecify.annotations.Nullable;

/** The form in which netty takes a key manager whose loaded keys it may cache by alias. */
final class SniKeysFactory extends KeyManagerFactory {
  SniKeysFactory(SniKeys keys) {
    super(new Spi(keys), anyProvider(), "perigee-sni");
  }

  private static Provider anyProvider() {
    return Security.getProviders()[0];
  }

  private static final class Spi extends KeyManagerFactorySpi {
    private final SniKeys keys;

    private Spi(SniKeys keys) {
      this.keys = keys;
    }

    @Override
    protected void engineInit(@Nullable KeyStore store, char @Nullable [] password) {}

    @Override
    protected void engineInit(ManagerFactoryParameters parameters) {}

    @Override
    protected KeyManager[] engineGetKeyManagers() {
      return new KeyManager[] {keys};
    }
  }
}
