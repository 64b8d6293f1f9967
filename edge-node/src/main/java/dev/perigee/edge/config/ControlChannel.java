package dev.perigee.edge.config;

import dev.perigee.contract.Limits;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Opens gRPC channels to the control plane over TLS with pinned CAs. */
final class ControlChannel {
  private static final long PING_SECONDS = 10;
  private static final int MESSAGE_SLACK = 4;

  private ControlChannel() {}

  /**
   * A channel to one address; connects with its first call.
   *
   * @param identity shown to the control plane; empty only to enrol
   */
  static ManagedChannel open(
      ControlAddress address,
      Set<String> caFingerprints,
      Optional<Identity> identity,
      Executor callbacks,
      InstantSource clock)
      throws IOException {
    SslContextBuilder tls =
        GrpcSslContexts.forClient().trustManager(new PinnedTrust(caFingerprints, address, clock));
    identity.ifPresent(own -> tls.keyManager(own.key(), own.certificate(), own.ca()));
    SslContext context = tls.build();
    return NettyChannelBuilder.forAddress(address.host(), address.port())
        .sslContext(context)
        .executor(callbacks)
        .maxInboundMessageSize(Limits.MESSAGE_BYTES * MESSAGE_SLACK)
        .keepAliveTime(PING_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(PING_SECONDS, TimeUnit.SECONDS)
        .disableRetry()
        .build();
  }

  static ManagedChannel open(
      ControlAddress address,
      Identity identity,
      Trust trust,
      Executor callbacks,
      InstantSource clock)
      throws IOException {
    try {
      return open(address, trust.fingerprints(identity), Optional.of(identity), callbacks, clock);
    } catch (GeneralSecurityException e) {
      throw new IOException("the pinned CA cannot be encoded", e);
    }
  }
}
