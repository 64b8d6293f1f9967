package dev.perigee.control.stream;

import dev.perigee.control.pki.ControlIdentity;
import dev.perigee.control.pki.EdgeAuthority;
import dev.perigee.control.pki.FleetTrust;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The gRPC port: TLS with a certificate of the edge authority. A client certificate is asked for
 * and, where one is presented, verified; which methods need one they say themselves.
 */
public final class SyncServer implements AutoCloseable {
  private static final int MAX_MESSAGE = 1 << 20;
  private static final int KEEP_ALIVE_SECONDS = 10;

  /**
   * Ten thousand edges that come back at once keep both sides busy with handshakes for longer than
   * a few seconds, and those that have theirs must not lose them for it. That a node is silent the
   * fleet knows long before.
   */
  private static final int KEEP_ALIVE_PATIENCE_SECONDS = 20;

  private final Server server;
  private final SyncService sync;
  private final ReplicaService replicas;

  /**
   * A server that is not started.
   *
   * @param identity what it shows, with the names under which it is reached
   * @param trust whom it lets in
   */
  public SyncServer(
      InetSocketAddress address,
      ControlIdentity identity,
      EdgeAuthority authority,
      FleetTrust trust,
      SyncService sync,
      EnrolmentService enrolment,
      ReplicaService replicas)
      throws IOException {
    this.sync = sync;
    this.replicas = replicas;
    SslContext tls =
        GrpcSslContexts.configure(SslContextBuilder.forServer(identity))
            .trustManager(trust)
            .clientAuth(ClientAuth.OPTIONAL)
            .build();
    server =
        NettyServerBuilder.forAddress(address)
            .sslContext(tls)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .callExecutor(new CallThreads())
            .maxInboundMessageSize(MAX_MESSAGE)
            .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(KEEP_ALIVE_PATIENCE_SECONDS, TimeUnit.SECONDS)
            .permitKeepAliveTime(1, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .intercept(new PeerCertificate(authority, trust))
            .addService(sync)
            .addService(enrolment)
            .addService(replicas)
            .build();
  }

  /** Messages of edges are taken by the thread that read them, which they never keep waiting. */
  private static final class CallThreads implements ServerCallExecutorSupplier {
    @Override
    public <ReqT, RespT> @Nullable Executor getExecutor(
        ServerCall<ReqT, RespT> call, Metadata metadata) {
      return SyncService.isSync(call.getMethodDescriptor()) ? Runnable::run : null;
    }
  }

  public void start() throws IOException {
    server.start();
  }

  public int port() {
    return server.getPort();
  }

  @Override
  public void close() {
    sync.endAll();
    replicas.endAll();
    server.shutdown();
    try {
      if (!server.awaitTermination(1, TimeUnit.SECONDS)) {
        server.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      server.shutdownNow();
    }
  }
}
