package dev.perigee.edge.config;

import com.google.protobuf.ByteString;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.JoinToken;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.EdgeMessage;
import dev.perigee.contract.sync.v1.EdgeSyncGrpc;
import dev.perigee.contract.sync.v1.EnrolRequest;
import dev.perigee.contract.sync.v1.EnrolResponse;
import dev.perigee.contract.sync.v1.EnrolmentGrpc;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/** A control plane whose every word the test says, over real gRPC with mutual TLS. */
final class ScriptedControl implements AutoCloseable {
  private static final String SECRET = "s".repeat(43);

  private final TestAuthority authority;
  private final Server server;
  private final int port;
  private final BlockingQueue<FromEdge> heard = new LinkedBlockingQueue<>();
  private final AtomicReference<StreamObserver<ControlMessage>> out = new AtomicReference<>();
  private final Set<String> usedSecrets = ConcurrentHashMap.newKeySet();

  ScriptedControl(TestAuthority authority) throws IOException {
    this.authority = authority;
    TestAuthority.Issued own = authority.server("EC", "control.example");
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .sslContext(
                GrpcSslContexts.configure(
                        SslContextBuilder.forServer(
                            own.key(), own.certificate(), authority.certificate()))
                    .trustManager(authority.certificate())
                    .clientAuth(ClientAuth.OPTIONAL)
                    .build())
            .addService(new Sync())
            .addService(new Enrol())
            .build()
            .start();
    port = server.getPort();
  }

  ControlAddress address() {
    return new ControlAddress("127.0.0.1", port);
  }

  JoinToken token(String node) throws GeneralSecurityException {
    return new JoinToken(node, SECRET, PinnedTrust.fingerprint(authority.certificate()));
  }

  void say(FromControl message) {
    say(SyncCodec.encode(message));
  }

  void say(ControlMessage message) {
    StreamObserver<ControlMessage> stream = out.get();
    synchronized (stream) {
      stream.onNext(message);
    }
  }

  /** Ends the open stream with an error. */
  void cut() {
    out.get().onError(Status.UNAVAILABLE.asRuntimeException());
  }

  /** The next thing an edge said that is no heartbeat. */
  <T extends FromEdge> T next(Class<T> kind) throws InterruptedException {
    FromEdge message = heard.poll(10, TimeUnit.SECONDS);
    if (!kind.isInstance(message)) {
      throw new AssertionError("expected " + kind.getSimpleName() + ", heard " + message);
    }
    return kind.cast(message);
  }

  /** Nothing but heartbeats comes for so long. */
  void hearsNothing(Duration time) throws InterruptedException {
    FromEdge message = heard.poll(time.toMillis(), TimeUnit.MILLISECONDS);
    if (message != null) {
      throw new AssertionError("heard " + message);
    }
  }

  @Override
  public void close() {
    server.shutdownNow();
    Awaitility.await().until(server::isTerminated);
  }

  private final class Sync extends EdgeSyncGrpc.EdgeSyncImplBase {
    @Override
    public StreamObserver<EdgeMessage> sync(StreamObserver<ControlMessage> answers) {
      out.set(answers);
      return new StreamObserver<>() {
        @Override
        public void onNext(EdgeMessage message) {
          FromEdge said = SyncCodec.decode(message);
          if (!(said instanceof FromEdge.Heartbeat)) {
            heard.add(said);
          }
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
      };
    }
  }

  private final class Enrol extends EnrolmentGrpc.EnrolmentImplBase {
    @Override
    public void enrol(EnrolRequest request, StreamObserver<EnrolResponse> answer) {
      if (!request.getJoinSecret().equals(SECRET) || !usedSecrets.add(SECRET)) {
        answer.onError(Status.PERMISSION_DENIED.withDescription("used token").asRuntimeException());
        return;
      }
      try {
        var csr =
            new JcaPKCS10CertificationRequest(request.getCertificateRequestDer().toByteArray());
        byte[] made = authority.node(request.getNode(), csr.getPublicKey()).getEncoded();
        answer.onNext(
            EnrolResponse.newBuilder()
                .addCertificateChainDer(ByteString.copyFrom(made))
                .addCertificateChainDer(ByteString.copyFrom(authority.certificate().getEncoded()))
                .build());
        answer.onCompleted();
      } catch (IOException | GeneralSecurityException e) {
        answer.onError(Status.INTERNAL.withCause(e).asRuntimeException());
      }
    }
  }
}
