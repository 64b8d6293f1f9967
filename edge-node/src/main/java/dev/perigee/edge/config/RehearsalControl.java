package dev.perigee.edge.config;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.EdgeMessage;
import dev.perigee.contract.sync.v1.EdgeSyncGrpc;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x509.KeyPurposeId;

/** A control plane of one node for the length of a rehearsal: on loopback, with one site. */
public final class RehearsalControl implements AutoCloseable {
  private static final String LOG_ID = "rehearsal";

  private final TrialAuthority authority = new TrialAuthority();
  private final KeyPair key = CertificateRequest.newKey();
  private final X509Certificate certificate;
  private final SiteConfig site;
  private final Server server;

  /**
   * @param site whose first host and the node bear one name
   */
  public RehearsalControl(SiteConfig site) throws IOException {
    this.site = site;
    certificate =
        authority.sign(
            host(),
            key.getPublic(),
            /* ca= */ false,
            List.of(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth),
            List.of(host()));
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .sslContext(
                GrpcSslContexts.configure(
                        SslContextBuilder.forServer(
                            key.getPrivate(), certificate, authority.certificate()))
                    .trustManager(authority.certificate())
                    .clientAuth(ClientAuth.REQUIRE)
                    .build())
            .addService(new Sync())
            .build()
            .start();
  }

  private String host() {
    return site.hosts().getFirst();
  }

  public int port() {
    return server.getPort();
  }

  /** As if the node had been enrolled. */
  public void enrol(Path file, StateKeys keys) throws IOException {
    new Identity(key.getPrivate(), certificate, authority.certificate()).save(file, keys);
  }

  /** What a reader has who trusts the site's certificate. */
  public SSLContext reader() throws IOException, GeneralSecurityException {
    return authority.trusting();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  /** Says all to whoever greets, and nothing after that. */
  private final class Sync extends EdgeSyncGrpc.EdgeSyncImplBase {
    @Override
    public StreamObserver<EdgeMessage> sync(StreamObserver<ControlMessage> answers) {
      return new StreamObserver<>() {
        @Override
        public void onNext(EdgeMessage message) {
          if (SyncCodec.decode(message) instanceof FromEdge.Hello) {
            answers.onNext(SyncCodec.encode(new FromControl.Welcome(LOG_ID, 1, 0, 0)));
            answers.onNext(SyncCodec.encode(everything()));
          }
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
      };
    }
  }

  private FromControl.Update everything() {
    try {
      CertificateConfig shown =
          new CertificateConfig(
              PinnedTrust.fingerprint(certificate),
              site.hosts(),
              List.of(Bytes.copyOf(certificate.getEncoded())),
              Bytes.copyOf(key.getPrivate().getEncoded()));
      return new FromControl.Update(
          "n", 1, 0, 0, true, List.of(site), List.of(), List.of(shown), List.of(), "cdn.example");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
