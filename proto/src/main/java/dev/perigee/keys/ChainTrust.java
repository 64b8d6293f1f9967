package dev.perigee.keys;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** A trust manager that goes by the peer's chain alone, however the connection came about. */
public abstract class ChainTrust extends X509ExtendedTrustManager {
  /** Refuses a client by throwing. */
  protected abstract void checkClient(X509Certificate[] chain) throws CertificateException;

  /**
   * Refuses a client by throwing.
   *
   * @param engine whose handshake it is
   */
  protected void checkClient(X509Certificate[] chain, SSLEngine engine)
      throws CertificateException {
    checkClient(chain);
  }

  /** Refuses a server by throwing. */
  protected abstract void checkServer(X509Certificate[] chain) throws CertificateException;

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    checkClient(chain);
  }

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    checkClient(chain, engine);
  }

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String type)
      throws CertificateException {
    checkClient(chain);
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    checkServer(chain);
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    checkServer(chain);
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String type)
      throws CertificateException {
    checkServer(chain);
  }
}
