package dev.perigee.edge.config;

import dev.perigee.edge.routing.PeerTable;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * The TLS between nodes, for both sides: each shows the certificate of the edge CA that it enrolled
 * for, whichever is the newest, and takes only those of nodes that the configuration names.
 */
public final class PeerTls {
  /** The only version: both sides are ours. */
  public static final String PROTOCOL = "TLSv1.3";

  private final SSLContext context;
  private final Supplier<Identity> identity;
  private final Trust trust;
  private final Supplier<PeerTable> peers;

  /**
   * Sets it up.
   *
   * @param identity this node's own
   * @param trust whom it trusts
   * @param peers the nodes as they are now
   */
  public PeerTls(
      Supplier<Identity> identity, Trust trust, Supplier<PeerTable> peers, InstantSource clock)
      throws GeneralSecurityException {
    this.identity = identity;
    this.trust = trust;
    this.peers = peers;
    context = SSLContext.getInstance(PROTOCOL);
    context.init(
        new KeyManager[] {new PeerKeys(identity)},
        new TrustManager[] {new PeerTrust(identity, trust, peers, clock)},
        null);
  }

  public SSLContext context() {
    return context;
  }

  /**
   * Whose certificate it is; empty where that is no node of the network any more, or the
   * certificate is not good any more: a connection lasts longer than what it began with.
   */
  public Optional<String> node(X509Certificate certificate) {
    boolean refused =
        trust.isRefused(certificate) || trust.issuer(certificate, identity.get()).isEmpty();
    return Optional.of(Identity.commonName(certificate))
        .filter(name -> !refused && peers.get().knows(name));
  }
}
