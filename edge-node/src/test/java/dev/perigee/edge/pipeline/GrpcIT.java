package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.perigee.contract.OriginUrl;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.testkit.NothingLeaks;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** gRPC from end to end: a real client, the edge, a real server. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class GrpcIT {
  private static final String SERVICE = "test.Echo";
  private static final Metadata.Key<String> DETAIL =
      Metadata.Key.of("x-detail", Metadata.ASCII_STRING_MARSHALLER);
  private static final MethodDescriptor<String, String> UNARY = method("Unary", MethodType.UNARY);
  private static final MethodDescriptor<String, String> BOTH =
      method("Both", MethodType.BIDI_STREAMING);
  private static final MethodDescriptor<String, String> MANY =
      method("Many", MethodType.SERVER_STREAMING);

  @TempDir Path directory;
  private final TestAuthority authority = new TestAuthority();

  private static MethodDescriptor<String, String> method(String name, MethodType type) {
    return MethodDescriptor.<String, String>newBuilder()
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
        .setRequestMarshaller(new Text())
        .setResponseMarshaller(new Text())
        .build();
  }

  /** Messages are texts. */
  private static final class Text implements MethodDescriptor.Marshaller<String> {
    @Override
    public InputStream stream(String value) {
      return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String parse(InputStream stream) {
      try {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private Server server(String scheme) throws Exception {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .maxInboundMessageSize(16 << 20)
            .addService(
                ServerServiceDefinition.builder(SERVICE)
                    .addMethod(UNARY, ServerCalls.asyncUnaryCall(GrpcIT::unary))
                    .addMethod(MANY, ServerCalls.asyncServerStreamingCall(GrpcIT::many))
                    .addMethod(BOTH, ServerCalls.asyncBidiStreamingCall(GrpcIT::both))
                    .build());
    if (scheme.equals("https")) {
      TestAuthority.Issued issued = authority.server("EC", "localhost");
      builder.sslContext(
          GrpcSslContexts.configure(SslContextBuilder.forServer(issued.key(), issued.certificate()))
              .build());
    }
    return builder.build().start();
  }

  private static void unary(String request, StreamObserver<String> reply) {
    if (request.startsWith("fail")) {
      Metadata trailers = new Metadata();
      trailers.put(DETAIL, "why");
      reply.onError(Status.NOT_FOUND.withDescription("no " + request).asException(trailers));
    } else {
      reply.onNext("echo " + request);
      reply.onCompleted();
    }
  }

  private static void many(String request, StreamObserver<String> reply) {
    for (int i = 0; i < Integer.parseInt(request); i++) {
      reply.onNext("part " + i);
    }
    reply.onCompleted();
  }

  private static StreamObserver<String> both(StreamObserver<String> reply) {
    return new StreamObserver<>() {
      @Override
      public void onNext(String message) {
        reply.onNext("echo " + message);
      }

      @Override
      public void onError(Throwable problem) {}

      @Override
      public void onCompleted() {
        reply.onCompleted();
      }
    };
  }

  private ManagedChannel channel(TransportEdge edge, String scheme) throws Exception {
    if (scheme.equals("http")) {
      return NettyChannelBuilder.forAddress("localhost", edge.port())
          .usePlaintext()
          .maxInboundMessageSize(16 << 20)
          .build();
    }
    return NettyChannelBuilder.forAddress("localhost", edge.tlsPort())
        .overrideAuthority(EdgeUnderTest.HOST)
        .sslContext(GrpcSslContexts.forClient().trustManager(authority.certificate()).build())
        .maxInboundMessageSize(16 << 20)
        .build();
  }

  /** What a stream brings, in order; an empty text is its end. */
  private static final class Replies implements StreamObserver<String> {
    private final BlockingQueue<String> all = new ArrayBlockingQueue<>(10_000);

    @Override
    public void onNext(String reply) {
      all.add(reply);
    }

    @Override
    public void onError(Throwable problem) {
      all.add("error " + problem);
    }

    @Override
    public void onCompleted() {
      all.add("");
    }

    @Nullable String next() throws InterruptedException {
      return all.poll(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void callsOfEveryKindArriveThroughAShield() throws Exception {
    Server server = server("http");
    try (NetworkUnderTest network = new NetworkUnderTest(directory, server.getPort(), 100)) {
      NetworkUnderTest.Node edge = network.add("edge-1", "eu", false);
      NetworkUnderTest.Node shield = network.add("shield-1", "us", true);
      network.origin(
          new OriginUrl("http", "localhost", server.getPort()), TransportEdge.http2(authority));
      network.configure();
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", edge.port())
              .overrideAuthority(NetworkUnderTest.HOST)
              .usePlaintext()
              .maxInboundMessageSize(16 << 20)
              .build();
      unaryCalls(channel);
      streamBothWays(channel);
      channel.shutdown().awaitTermination(20, TimeUnit.SECONDS);
      assertEquals(0, edge.originConnections());
      assertEquals(1, shield.originConnections());
    } finally {
      server.shutdownNow().awaitTermination(20, TimeUnit.SECONDS);
    }
  }

  @ParameterizedTest
  @CsvSource({"http, http", "http, https", "https, http", "https, https"})
  void callsOfEveryKindArrive(String clientScheme, String originScheme) throws Exception {
    Server server = server(originScheme);
    OriginUrl origin = new OriginUrl(originScheme, "localhost", server.getPort());
    try (TransportEdge edge =
        new TransportEdge(directory, authority, TransportEdge.http2(authority), origin)) {
      ManagedChannel channel = channel(edge, clientScheme);
      unaryCalls(channel);
      List<String> parts = new ArrayList<>();
      Iterator<String> many =
          ClientCalls.blockingServerStreamingCall(channel, MANY, CallOptions.DEFAULT, "1000");
      many.forEachRemaining(parts::add);
      assertEquals(1000, parts.size());
      streamBothWays(channel);
      channel.shutdown().awaitTermination(20, TimeUnit.SECONDS);
      assertEquals(1, edge.originConnections());
    } finally {
      server.shutdownNow().awaitTermination(20, TimeUnit.SECONDS);
    }
  }

  private static void unaryCalls(ManagedChannel channel) {
    for (int i = 0; i < 10; i++) {
      String reply =
          ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, "hello " + i);
      assertEquals("echo hello " + i, reply);
    }
    String large = String.join("", Collections.nCopies(300_000, "0123456789"));
    assertEquals(
        "echo " + large, ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, large));
    StatusRuntimeException failed =
        assertThrows(
            StatusRuntimeException.class,
            () -> ClientCalls.blockingUnaryCall(channel, UNARY, CallOptions.DEFAULT, "fail it"));
    assertEquals(Status.Code.NOT_FOUND, failed.getStatus().getCode());
    assertEquals("no fail it", failed.getStatus().getDescription());
    Metadata trailers = Status.trailersFromThrowable(failed);
    assertEquals("why", trailers == null ? "" : trailers.get(DETAIL));
  }

  /** Each message is answered before the next one is sent. */
  private static void streamBothWays(ManagedChannel channel) throws InterruptedException {
    Replies replies = new Replies();
    StreamObserver<String> requests =
        ClientCalls.asyncBidiStreamingCall(channel.newCall(BOTH, CallOptions.DEFAULT), replies);
    for (int i = 0; i < 20; i++) {
      requests.onNext("m" + i);
      assertEquals("echo m" + i, replies.next());
    }
    requests.onCompleted();
    assertEquals("", replies.next());
  }
}
