package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.listener.tls.ServerTls;
import dev.perigee.edge.listener.tls.TlsEngine;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.table.HashTrie;
import dev.perigee.testkit.NothingLeaks;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A client of HTTP/1 whose turn it is, and who does nothing, loses its connection after the idle
 * timeout, where it may be as slow as it likes.
 */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class IdleConnectionIT {
  private static final String HOST = "a.example";
  private static final int PATIENCE_MILLIS = 20_000;
  private static final DoorLimits.Pace ANY =
      new DoorLimits.Pace(0, Duration.ofHours(1), Duration.ofHours(1));

  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private volatile Consumer<Exchange> pipeline = exchange -> {};
  private EdgeListener listener;
  private SSLContext trust;

  @BeforeEach
  void start() throws Exception {
    TestAuthority authority = new TestAuthority();
    trust = authority.trusting();
    ServerTls tls = new ServerTls(TlsEngine.AUTO);
    tls.swap(
        HashTrie.of(List.of(authority.server("EC", HOST).config(HOST)), CertificateConfig::id));
    ListenerConfig usual = ListenerConfig.of(List.of("127.0.0.1"), 0, 0);
    DoorLimits door = usual.door();
    ListenerConfig quick =
        new ListenerConfig(
                usual.addresses(),
                0,
                0,
                1,
                usual.maxHeaderBytes(),
                usual.maxHeaders(),
                Duration.ofMinutes(1),
                Duration.ofMillis(300),
                usual.maxConnections(),
                usual.maxRequests(),
                usual.clients())
            .with(
                new DoorLimits(
                    door.addressConnections(),
                    door.addressRequests(),
                    door.ipv4Bits(),
                    door.ipv6Bits(),
                    ANY,
                    ANY,
                    door.streams(),
                    door.resets(),
                    door.controlFrames(),
                    door.handshakes(),
                    door.addressBytesPerSecond(),
                    door.unsentBytes()));
    listener =
        new EdgeListener(
            quick,
            exchange -> pipeline.accept(exchange),
            Optional.of(tls.context()),
            RandomGenerator.getDefault());
    listener.start();
  }

  @AfterEach
  void stop() {
    listener.close();
  }

  private Socket send(String scheme, String text) throws Exception {
    Socket plain = new Socket(InetAddress.getLoopbackAddress(), listener.port(scheme));
    plain.setSoTimeout(PATIENCE_MILLIS);
    Socket socket =
        scheme.equals("http")
            ? plain
            : trust.getSocketFactory().createSocket(plain, HOST, listener.port(scheme), true);
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "https"})
  void afterAnAnswer(String scheme) throws Exception {
    try (Socket socket = send(scheme, "HEAD / HTTP/1.1\r\nHost: probe.invalid\r\n\r\n")) {
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertEquals("204", all.split(" ", 3)[1]);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "https"})
  void whoseBodyDoesNotGoOn(String scheme) throws Exception {
    pipeline = exchange -> exchange.body().orElseThrow().deliver(new Until(ended));
    try (Socket _ =
        send(scheme, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\na")) {
      assertEquals("broken", ended.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "https"})
  void whoDoesNotTakeItsAnswer(String scheme) throws Exception {
    pipeline =
        exchange -> {
          exchange.onEnded((status, bytes) -> ended.complete("ended"));
          int length = 64 << 20;
          exchange.sink().start(new ResponseHead(200, FieldList.empty()), OptionalLong.of(length));
          exchange.sink().write(ByteBuffer.allocate(length), () -> {});
        };
    try (Socket _ = send(scheme, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")) {
      assertEquals("ended", ended.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS));
    }
  }

  /** Takes a body, and says how it came to its end. */
  private record Until(CompletableFuture<String> how) implements BodySource.Receiver {
    @Override
    public boolean take(ByteBuffer part) {
      return true;
    }

    @Override
    public void end() {
      how.complete("whole");
    }

    @Override
    public void broken(String reason) {
      how.complete("broken");
    }
  }
}
