package dev.perigee.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Whom the client trusts: the authorities of a file of the user's, and those of the system. */
final class Trust extends X509ExtendedTrustManager {
  private final X509ExtendedTrustManager own;

  private Trust(X509ExtendedTrustManager own) {
    this.own = own;
  }

  /** What speaks TLS with whoever one of the file's certificates, or the system's, vouches for. */
  static SSLSocketFactory with(Path file) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int count = 0;
      for (Certificate one : read(file)) {
        store.setCertificateEntry("own-" + count++, one);
      }
      if (count == 0) {
        throw new Failure(Failure.USAGE, "no PEM certificate is in " + file + " (--ca-file)");
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Trust(manager(store))}, null);
      return context.getSocketFactory();
    } catch (IOException | CertificateException e) {
      throw new Failure(
          Failure.USAGE, "%s (--ca-file) is no PEM file of certificates".formatted(file));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java speaks no TLS", e);
    }
  }

  private static Collection<? extends Certificate> read(Path file)
      throws IOException, CertificateException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      return CertificateFactory.getInstance("X.509").generateCertificates(in);
    }
  }

  private static X509ExtendedTrustManager manager(@Nullable KeyStore store)
      throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager extended) {
        return extended;
      }
    }
    throw new GeneralSecurityException("no trust manager");
  }

  /** A check of a chain by one of the two. */
  private interface Check {
    void by(X509ExtendedTrustManager manager) throws CertificateException;
  }

  /** The system's are many and slow to read: they are asked only when the file's say no. */
  private void either(Check check) throws CertificateException {
    try {
      check.by(own);
    } catch (CertificateException notOwn) {
      try {
        check.by(manager(null));
      } catch (CertificateException notSystems) {
        notOwn.addSuppressed(notSystems);
        throw notOwn;
      } catch (GeneralSecurityException e) {
        throw new CertificateException(e);
      }
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    either(manager -> manager.checkServerTrusted(chain, type, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    either(manager -> manager.checkServerTrusted(chain, type, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    either(manager -> manager.checkServerTrusted(chain, type));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    throw new CertificateException("no server");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("no server");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    throw new CertificateException("no server");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return own.getAcceptedIssuers();
  }
}
