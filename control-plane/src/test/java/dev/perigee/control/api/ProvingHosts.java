package dev.perigee.control.api;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A DNS resolver and a web server for every host, which show what a test has them show. */
final class ProvingHosts implements AutoCloseable {
  /** TXT records, by name. */
  final Map<String, String> texts = new ConcurrentHashMap<>();

  /** Bodies, by host and path; status 302 leads to what a body begins with {@code http} names. */
  final Map<String, String> bodies = new ConcurrentHashMap<>();

  /** Hosts whose web server says nothing for now. */
  final Map<String, Held> held = new ConcurrentHashMap<>();

  private final DatagramSocket dns;
  private final HttpServer http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  ProvingHosts() {
    InetAddress here = InetAddress.getLoopbackAddress();
    try {
      dns = new DatagramSocket(new InetSocketAddress(here, 0));
      http = HttpServer.create(new InetSocketAddress(here, 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    http.createContext(
        "/",
        exchange -> {
          String host = exchange.getRequestHeaders().getFirst("Host");
          Held hold = held.get(host);
          if (hold != null) {
            hold.pass();
          }
          String body = bodies.getOrDefault(host + exchange.getRequestURI().getPath(), "");
          boolean leads = body.startsWith("http");
          if (leads) {
            exchange.getResponseHeaders().set("Location", body);
          }
          byte[] bytes = body.getBytes(StandardCharsets.US_ASCII);
          exchange.sendResponseHeaders(body.isEmpty() ? 404 : leads ? 302 : 200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    http.setExecutor(threads);
    http.start();
    Thread.ofVirtual().name("test-resolver").start(this::serve);
  }

  /**
   * A request that is held.
   *
   * @param asked down once it is there
   * @param let down when it is to be answered
   */
  record Held(CountDownLatch asked, CountDownLatch let) {
    Held() {
      this(new CountDownLatch(1), new CountDownLatch(1));
    }

    private void pass() throws IOException {
      asked.countDown();
      try {
        let.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
  }

  int dnsPort() {
    return dns.getLocalPort();
  }

  int httpPort() {
    return http.getAddress().getPort();
  }

  private void serve() {
    byte[] buffer = new byte[1_500];
    try {
      while (!dns.isClosed()) {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        dns.receive(packet);
        byte[] answer = answer(Arrays.copyOf(buffer, packet.getLength()));
        dns.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      }
    } catch (IOException e) {
      // It was closed.
    }
  }

  /** RFC 1035: the question again, and a TXT record or NXDOMAIN. */
  private byte[] answer(byte[] query) throws IOException {
    StringBuilder name = new StringBuilder();
    int at = 12;
    for (; query[at] != 0; at += query[at] + 1) {
      name.append(new String(query, at + 1, query[at], StandardCharsets.US_ASCII)).append('.');
    }
    name.setLength(Math.max(0, name.length() - 1));
    String text = texts.get(name.toString());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.write(query, 0, 2);
    out.writeShort(text == null ? 0x8183 : 0x8180);
    out.writeShort(1);
    out.writeShort(text == null ? 0 : 1);
    out.writeInt(0);
    out.write(query, 12, at + 5 - 12);
    if (text != null) {
      out.writeShort(0xc00c);
      out.writeShort(16);
      out.writeShort(1);
      out.writeInt(60);
      out.writeShort(text.length() + 1);
      out.writeByte(text.length());
      out.write(text.getBytes(StandardCharsets.US_ASCII));
    }
    return bytes.toByteArray();
  }

  @Override
  public void close() {
    dns.close();
    http.stop(0);
    threads.shutdownNow();
  }
}
