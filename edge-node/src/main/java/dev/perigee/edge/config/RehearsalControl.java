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
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A control plane of one node for the length of a rehearsal: on loopback, with one site. */
public final class RehearsalControl implements AutoCloseable {
  private static final Duration LIFE = Duration.ofHours(1);
  private static final String LOG_ID = "rehearsal";

  private final KeyPair authorityKey = CertificateRequest.newKey();
  private final KeyPair key = CertificateRequest.newKey();
  private final X509Certificate authority;
  private final X509Certificate certificate;
  private final SiteConfig site;
  private final Server server;

  /**
   * @param site whose first host and the node bear one name
   */
  public RehearsalControl(SiteConfig site) throws IOException, GeneralSecurityException {
    this.site = site;
    authority = sign(1, "rehearsal", authorityKey.getPublic(), true);
    certificate = sign(2, host(), key.getPublic(), false);
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .sslContext(
                GrpcSslContexts.configure(
                        SslContextBuilder.forServer(key.getPrivate(), certificate, authority))
                    .trustManager(authority)
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
    new Identity(key.getPrivate(), certificate, authority).save(file, keys);
  }

  /** What a reader has who trusts the site's certificate. */
  public SSLContext reader() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("ca", authority);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private X509Certificate sign(long serial, String name, PublicKey of, boolean ca)
      throws GeneralSecurityException {
    Instant now = Instant.now();
    try {
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              new X500Name("CN=rehearsal"),
              BigInteger.valueOf(serial),
              Date.from(now.minus(LIFE)),
              Date.from(now.plus(LIFE)),
              new X500Name("CN=" + name),
              of);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(ca));
      builder.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(
              new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(new GeneralName(GeneralName.dNSName, host())));
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(authorityKey.getPrivate())));
    } catch (CertIOException | OperatorCreationException e) {
      throw new GeneralSecurityException(e);
    }
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
