package dev.perigee.control.stream;

import dev.perigee.control.pki.EdgeAuthority;
import dev.perigee.control.pki.FleetTrust;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** Puts the client certificate of a call, which TLS has verified, at hand for the method. */
final class PeerCertificate implements ServerInterceptor {
  static final Context.Key<Peer> PEER = Context.key("peer");
  private static final String COMMON_NAME = "CN=";

  private final EdgeAuthority authority;
  private final FleetTrust trust;

  PeerCertificate(EdgeAuthority authority, FleetTrust trust) {
    this.authority = authority;
    this.trust = trust;
  }

  /**
   * Who calls.
   *
   * @param node common name of the certificate
   * @param serial of the certificate, hexadecimal
   * @param issuer fingerprint of the edge CA that made it
   * @param issued when it did
   * @param isExpired whether it is good for nothing but its renewal
   * @param isControlPlane whether the certificate is one of a control plane; no node gets one that
   *     is made for servers alone and that name
   */
  record Peer(
      String node,
      String serial,
      String issuer,
      Instant issued,
      boolean isExpired,
      boolean isControlPlane) {}

  @Override
  public <Q, S> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
    SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    Optional<Peer> peer = session == null ? Optional.empty() : peer(session);
    Context context =
        peer.map(p -> Context.current().withValue(PEER, p)).orElseGet(Context::current);
    return Contexts.interceptCall(context, call, headers, next);
  }

  /** The caller of the current method, where it presented a certificate. */
  static Optional<Peer> current() {
    return Optional.ofNullable(PEER.get());
  }

  private Optional<Peer> peer(SSLSession session) {
    try {
      Certificate[] chain = session.getPeerCertificates();
      if (chain.length == 0 || !(chain[0] instanceof X509Certificate leaf)) {
        return Optional.empty();
      }
      String name = leaf.getSubjectX500Principal().getName();
      // A session that is resumed was looked at when it began.
      Optional<X509Certificate> issuer = EdgeAuthority.issuer(leaf, authority.trusted());
      return name.startsWith(COMMON_NAME)
          ? issuer.map(by -> peer(name.substring(COMMON_NAME.length()), leaf, by))
          : Optional.empty();
    } catch (SSLPeerUnverifiedException e) {
      return Optional.empty();
    }
  }

  private Peer peer(String name, X509Certificate leaf, X509Certificate issuer) {
    return new Peer(
        name,
        leaf.getSerialNumber().toString(16),
        EdgeAuthority.fingerprint(issuer),
        EdgeAuthority.issued(leaf),
        trust.isExpired(leaf),
        EdgeAuthority.isControlPlane(leaf));
  }
}
