package dev.perigee.e2e;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * A plain HTTP/1.1 client that asks any address for any host, one connection for each request: so
 * that the tests see what is on the wire, and no pool or resolver of a library stands between.
 */
final class Fetch {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private Fetch() {}

  /**
   * A response.
   *
   * @param fields by lower-case name, repeated ones joined with commas
   */
  record Answer(int status, TreeMap<String, String> fields, String body) {
    String field(String name) {
      return fields.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    }

    boolean isHit() {
      return field("Cache-Status").contains("; hit");
    }

    /** Without a fetch of its own: a hit, or part of one that is not all stored yet. */
    boolean isSpared() {
      return isHit() || field("Cache-Status").contains("; collapsed");
    }

    boolean isMiss() {
      return field("Cache-Status").contains("fwd=") && !isHit();
    }
  }

  /** GET over plain HTTP. */
  static Answer get(String address, int port, String host, String target, String... fields) {
    try (Socket socket = connect(address, port)) {
      return exchange(socket, request(host, target, fields));
    } catch (IOException e) {
      throw new UncheckedIOException("GET " + host + target + " from " + address, e);
    }
  }

  /** The same from an address of this machine. */
  static Answer getFrom(String from, String address, int port, String host, String target) {
    try (Socket socket = new Socket()) {
      socket.bind(new InetSocketAddress(from, 0));
      connect(socket, address, port);
      return exchange(socket, request(host, target));
    } catch (IOException e) {
      throw new UncheckedIOException("GET " + host + target + " from " + address, e);
    }
  }

  /** GET over TLS with the host as SNI, checked against the context's trust and the host. */
  static Answer getTls(SSLContext tls, String address, int port, String host, String target) {
    try (Socket plain = connect(address, port);
        SSLSocket socket =
            (SSLSocket) tls.getSocketFactory().createSocket(plain, host, port, true)) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setServerNames(List.of(new SNIHostName(host)));
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      return exchange(socket, request(host, target));
    } catch (IOException e) {
      throw new UncheckedIOException("GET https " + host + target + " from " + address, e);
    }
  }

  /** Sends the bytes as they are. */
  static Answer raw(String address, int port, String request) {
    try (Socket socket = connect(address, port)) {
      return exchange(socket, request);
    } catch (IOException e) {
      throw new UncheckedIOException("raw request to " + address, e);
    }
  }

  /** GET whose body goes to a sink as it comes, and is not kept; the head alone is answered. */
  static Answer stream(String address, int port, String host, String target, Sink sink) {
    try (Socket socket = connect(address, port)) {
      socket.getOutputStream().write(request(host, target).getBytes(StandardCharsets.ISO_8859_1));
      InputStream in = socket.getInputStream();
      Answer head = head(in);
      long left = Long.parseLong(head.field("Content-Length"));
      byte[] buffer = new byte[64 * 1024];
      while (left > 0) {
        int count = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (count < 0) {
          throw new EOFException(left + " bytes are missing");
        }
        sink.accept(buffer, count);
        left -= count;
      }
      return head;
    } catch (IOException e) {
      throw new UncheckedIOException("GET " + host + target + " from " + address, e);
    }
  }

  /** Takes a body in pieces. */
  interface Sink {
    void accept(byte[] bytes, int count) throws IOException;
  }

  private static Socket connect(String address, int port) throws IOException {
    Socket socket = new Socket();
    connect(socket, address, port);
    return socket;
  }

  private static void connect(Socket socket, String address, int port) throws IOException {
    socket.setSoTimeout((int) TIMEOUT.toMillis());
    socket.connect(new InetSocketAddress(address, port), (int) TIMEOUT.toMillis());
  }

  private static String request(String host, String target, String... fields) {
    StringBuilder text = new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n");
    Stream.of(fields).forEach(field -> text.append(field).append("\r\n"));
    return text.append("Connection: close\r\n\r\n").toString();
  }

  private static Answer exchange(Socket socket, String request) throws IOException {
    socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
    InputStream in = socket.getInputStream();
    Answer head = head(in);
    return new Answer(head.status(), head.fields(), body(in, head));
  }

  private static Answer head(InputStream in) throws IOException {
    Answer head = oneHead(in);
    // Interim answers (RFC 9110, section 15.2) come before the one that counts.
    while (head.status() / 100 == 1) {
      head = oneHead(in);
    }
    return head;
  }

  private static Answer oneHead(InputStream in) throws IOException {
    String status = line(in).orElseThrow(() -> new EOFException("closed without an answer"));
    TreeMap<String, String> fields = new TreeMap<>();
    for (String line = line(in).orElse(""); !line.isEmpty(); line = line(in).orElse("")) {
      int colon = line.indexOf(':');
      String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
      fields.merge(name, line.substring(colon + 1).strip(), (a, b) -> a + ", " + b);
    }
    return new Answer(Integer.parseInt(status.split(" ", 3)[1]), fields, "");
  }

  private static String body(InputStream in, Answer head) throws IOException {
    if (head.status() == 304 || head.status() == 204) {
      return "";
    }
    byte[] bytes;
    if (head.field("Transfer-Encoding").equals("chunked")) {
      bytes = chunks(in);
    } else if (!head.field("Content-Length").isEmpty()) {
      bytes = exactly(in, Integer.parseInt(head.field("Content-Length")));
    } else {
      bytes = in.readAllBytes();
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    int size = Integer.parseInt(line(in).orElse(""), 16);
    while (size > 0) {
      body.write(exactly(in, size));
      exactly(in, 2);
      size = Integer.parseInt(line(in).orElse(""), 16);
    }
    return body.toByteArray();
  }

  private static byte[] exactly(InputStream in, int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("body ends after " + bytes.length + " of " + count + " bytes");
    }
    return bytes;
  }

  private static Optional<String> line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int next = in.read();
    if (next < 0) {
      return Optional.empty();
    }
    while (next >= 0 && next != '\n') {
      if (next != '\r') {
        line.write(next);
      }
      next = in.read();
    }
    return Optional.of(line.toString(StandardCharsets.ISO_8859_1));
  }
}
