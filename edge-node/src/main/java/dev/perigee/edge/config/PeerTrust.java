package dev.perigee.edge.config;

import dev.perigee.edge.routing.PeerTable;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts the nodes of the network, as the configuration names them: the certificate is of an edge
 * CA that is trusted, valid, not revoked, made for a node, and of a node that exists; of one that
 * is called, of the very node that has this address.
 */
final class PeerTrust extends X509ExtendedTrustManager {
  /** What node certificates are made for; the control plane's own is for servers. */
  private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

  private final Supplier<Identity> identity;
  private final Trust trust;
  private final Supplier<PeerTable> peers;
  private final InstantSource clock;

  PeerTrust(
      Supplier<Identity> identity, Trust trust, Supplier<PeerTable> peers, InstantSource clock) {
    this.identity = identity;
    this.trust = trust;
    this.peers = peers;
    this.clock = clock;
  }

  /** The node's name. */
  private String check(X509Certificate[] chain) throws CertificateException {
    X509Certificate leaf = chain[0];
    Optional<X509Certificate> ca = trust.issuer(leaf, identity.get());
    if (chain.length != 2 || ca.isEmpty()) {
      throw new CertificateException("the peer's CA is not this network's");
    }
    Date now = Date.from(clock.instant());
    ca.get().checkValidity(now);
    leaf.checkValidity(now);
    if (trust.isRefused(leaf)) {
      throw new CertificateException("the peer's certificate is revoked");
    }
    List<String> uses = leaf.getExtendedKeyUsage();
    if (uses == null || !uses.contains(CLIENT_AUTH)) {
      throw new CertificateException("the peer's certificate is not made for nodes");
    }
    return Identity.commonName(leaf);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    String node = check(chain);
    if (!peers.get().knows(node)) {
      throw new CertificateException("no node of the network is called " + node);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    String node = check(chain);
    String host = String.valueOf(engine.getPeerHost()).replaceAll("[\\[\\]]", "");
    if (!peers.get().isAt(node, host, engine.getPeerPort())) {
      throw new CertificateException(
          node + " answers at " + host + ":" + engine.getPeerPort() + ", where it should not be");
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    throw new CertificateException("nodes meet over engines");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    throw new CertificateException("nodes meet over engines");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    throw new CertificateException("nodes meet over engines");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    throw new CertificateException("nodes meet over engines");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return trust.authorities(identity.get()).toArray(X509Certificate[]::new);
  }
}
