package dev.perigee.edge.pipeline;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A connection to an edge on which a test writes and reads raw HTTP/1.1. */
final class RawClient implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 15_000;

  private final Socket socket;
  private final InputStream in;

  RawClient(int port) throws IOException {
    this(port, 0);
  }

  /** From an address of the loopback network. */
  RawClient(String from, int port) throws IOException {
    socket = new Socket();
    socket.bind(new InetSocketAddress(from, 0));
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    socket.setSoTimeout(PATIENCE_MILLIS);
    in = new BufferedInputStream(socket.getInputStream());
  }

  /**
   * @param receiveBuffer 0 for the system's own
   */
  RawClient(int port, int receiveBuffer) throws IOException {
    socket = new Socket();
    if (receiveBuffer > 0) {
      socket.setReceiveBufferSize(receiveBuffer);
    }
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    socket.setSoTimeout(PATIENCE_MILLIS);
    in = new BufferedInputStream(socket.getInputStream());
  }

  /**
   * A response.
   *
   * @param body as text, one character an octet
   */
  record Response(int status, List<String> lines, String body) {
    Response {
      lines = List.copyOf(lines);
    }

    List<String> all(String name) {
      return lines.stream()
          .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
          .map(line -> line.substring(name.length() + 1).strip())
          .toList();
    }

    Optional<String> first(String name) {
      return all(name).stream().findFirst();
    }

    String cacheStatus() {
      return first("Cache-Status").orElse("");
    }
  }

  static Response get(int port, String target, String... fields) throws IOException {
    return request(port, "GET", target, fields);
  }

  static Response request(int port, String method, String target, String... fields)
      throws IOException {
    try (RawClient client = new RawClient(port)) {
      client.send(method, target, fields);
      return client.response(method.equals("HEAD"));
    }
  }

  /** What comes first for a request as it stands. */
  static Response raw(int port, String request) throws IOException {
    try (RawClient client = new RawClient(port)) {
      client.send(request);
      return client.head();
    }
  }

  void send(String method, String target, String... fields) throws IOException {
    StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\n");
    head.append("Host: ").append(EdgeUnderTest.HOST).append("\r\n");
    for (String field : fields) {
      head.append(field).append("\r\n");
    }
    send(head.append("\r\n").toString());
  }

  void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  Response response(boolean head) throws IOException {
    Response bare = head();
    while (bare.status() < 200) {
      bare = head();
    }
    boolean bodiless = head || bare.status() == 304 || bare.status() == 204;
    return bodiless ? bare : new Response(bare.status(), bare.lines(), body(bare));
  }

  /** Status and fields only. */
  Response head() throws IOException {
    String status = line();
    List<String> lines = new ArrayList<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      lines.add(line);
    }
    return new Response(Integer.parseInt(status.split(" ", 3)[1]), lines, "");
  }

  private String body(Response head) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    if (head.first("Transfer-Encoding").isPresent()) {
      for (int size = chunkSize(); size > 0; size = chunkSize()) {
        body.write(in.readNBytes(size));
        line();
      }
      line();
    } else if (head.first("Content-Length").isPresent()) {
      int length = Integer.parseInt(head.first("Content-Length").get());
      byte[] bytes = in.readNBytes(length);
      if (bytes.length < length) {
        throw new EOFException("the body ends after " + bytes.length + " of " + length);
      }
      body.write(bytes);
    } else {
      body.write(in.readAllBytes());
    }
    return body.toString(StandardCharsets.ISO_8859_1);
  }

  private int chunkSize() throws IOException {
    return Integer.parseInt(line(), 16);
  }

  /** So many octets of a body. */
  String read(int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("the body ends after " + bytes.length + " of " + count);
    }
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** Everything until the connection ends, however it ends. */
  String rest() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      for (int next = in.read(); next >= 0; next = in.read()) {
        bytes.write(next);
      }
    } catch (IOException e) {
      // Reset: what came before counts.
      return bytes.toString(StandardCharsets.ISO_8859_1);
    }
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }

  /** Whether the connection ends here. */
  boolean atEnd() throws IOException {
    return in.read() < 0;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int octet = in.read(); octet != '\n'; octet = in.read()) {
      if (octet < 0) {
        throw new EOFException("the connection ended in a head");
      }
      line.append((char) octet);
    }
    return line.toString().strip();
  }

  /** Goes away in the middle. */
  void hangUp() throws IOException {
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
