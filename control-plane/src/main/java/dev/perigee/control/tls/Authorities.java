package dev.perigee.control.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whom a server elsewhere is believed by: who the system trusts, and the certificates of a file.
 */
public final class Authorities {
  private Authorities() {}

  /**
   * TLS that trusts them.
   *
   * @param option that names the file
   * @throws IOException with a sentence that says what is wrong with the file
   */
  public static SSLContext of(String option, Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      Collection<? extends Certificate> more =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (more.isEmpty()) {
        throw new IOException(option + " has no certificate: " + file);
      }
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (X509Certificate known : system().getAcceptedIssuers()) {
        store.setCertificateEntry("system-" + store.size(), known);
      }
      for (Certificate one : more) {
        store.setCertificateEntry("file-" + store.size(), one);
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {manager(store)}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(option + " is no file of PEM certificates: " + file, e);
    }
  }

  private static X509TrustManager system() throws GeneralSecurityException {
    return manager(null);
  }

  private static X509TrustManager manager(@Nullable KeyStore store)
      throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    for (TrustManager one : factory.getTrustManagers()) {
      if (one instanceof X509TrustManager manager) {
        return manager;
      }
    }
    throw new GeneralSecurityException("no trust manager");
  }
}
