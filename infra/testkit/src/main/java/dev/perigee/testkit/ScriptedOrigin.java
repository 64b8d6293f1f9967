package dev.perigee.testkit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An origin server of raw sockets on loopback whose every byte a test decides: a script for each
 * target writes to the connection what it likes and when it likes, and each request is recorded as
 * it came in.
 */
public final class ScriptedOrigin implements AutoCloseable {
  private static final int MAX_HEAD = 64 * 1024;
  private static final Script NOT_FOUND =
      call -> call.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");

  private final ServerSocket server;
  private final Map<String, Script> scripts = new ConcurrentHashMap<>();
  private final Map<String, Script> headScripts = new ConcurrentHashMap<>();
  private final List<Seen> seen = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final AtomicInteger connections = new AtomicInteger();

  private ScriptedOrigin(ServerSocket server) {
    this.server = server;
  }

  /** An origin that accepts on a free port of 127.0.0.1. */
  public static ScriptedOrigin start() {
    return start(0);
  }

  /** One on this port, such as that of an origin that was closed; 0 for a free one. */
  public static ScriptedOrigin start(int port) {
    try {
      ServerSocket server = new ServerSocket(port, 1024, InetAddress.getLoopbackAddress());
      ScriptedOrigin origin = new ScriptedOrigin(server);
      Thread.ofVirtual().name("scripted-origin").start(origin::accept);
      return origin;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What an origin does with one request; runs on a thread of its own and may block. */
  @FunctionalInterface
  public interface Script {
    /** Answers; an exception closes the connection. */
    void answer(Call call) throws IOException, InterruptedException;
  }

  /**
   * A request as it came in.
   *
   * @param connection number of the connection, from 1
   * @param lines of the head as they stood, without the request line
   * @param bodyBytes length of the body
   */
  public record Seen(
      int connection, String method, String target, List<String> lines, long bodyBytes) {
    /** Copies the lines. */
    public Seen {
      lines = List.copyOf(lines);
    }

    /** Every value of a field. */
    public List<String> all(String name) {
      return lines.stream()
          .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
          .map(line -> line.substring(name.length() + 1).strip())
          .toList();
    }

    /** The first value of a field. */
    public Optional<String> first(String name) {
      return all(name).stream().findFirst();
    }
  }

  /** One request being answered. */
  public static final class Call {
    private final Socket socket;
    private final Seen request;
    private final InputStream body;

    private Call(Socket socket, Seen request, InputStream body) {
      this.body = body;
      this.socket = socket;
      this.request = request;
    }

    public Seen request() {
      return request;
    }

    /** Writes text as it stands. */
    public void send(String text) throws IOException {
      send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public void send(byte[] bytes) throws IOException {
      OutputStream out = socket.getOutputStream();
      out.write(bytes);
      out.flush();
    }

    /** A whole 200 with these field lines, each without its line end. */
    public void ok(String body, String... fields) throws IOException {
      StringBuilder head = new StringBuilder("HTTP/1.1 200 OK\r\n");
      for (String field : fields) {
        head.append(field).append("\r\n");
      }
      head.append("Content-Length: ").append(body.length()).append("\r\n\r\n");
      send(head.append(body).toString());
    }

    /**
     * Some bytes of the request's body, for a script that runs once the head is read.
     *
     * @return how many
     * @throws EOFException where no more comes
     */
    public int receive(byte[] into) throws IOException {
      int count = body.read(into);
      if (count < 0) {
        throw new EOFException("the body ends");
      }
      return count;
    }

    /** Closes the connection. */
    public void close() throws IOException {
      socket.close();
    }

    /** Ends the connection with a reset. */
    public void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }
  }

  /** From now on requests for {@code target} get this. */
  public void on(String target, Script script) {
    scripts.put(target, script);
  }

  /** Requests for {@code target} get this once their head is read; their bodies never are. */
  public void onHead(String target, Script script) {
    headScripts.put(target, script);
  }

  public int port() {
    return server.getLocalPort();
  }

  /** All requests so far, in the order in which they were complete. */
  public List<Seen> requests() {
    return List.copyOf(seen);
  }

  /** Requests for one target. */
  public List<Seen> requests(String target) {
    return seen.stream().filter(request -> request.target().equals(target)).toList();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        sockets.add(socket);
        int number = connections.incrementAndGet();
        Thread.ofVirtual().name("scripted-origin").start(() -> serve(socket, number));
      } catch (SocketException e) {
        return;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void serve(Socket socket, int number) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      while (!socket.isClosed()) {
        Optional<String> head = head(in);
        if (head.isEmpty()) {
          return;
        }
        Seen bare = bare(number, head.get());
        Script early = headScripts.get(bare.target());
        if (early != null) {
          early.answer(new Call(socket, bare, in));
          in.readAllBytes();
          return;
        }
        Seen request = request(socket, bare, in);
        seen.add(request);
        scripts.getOrDefault(request.target(), NOT_FOUND).answer(new Call(socket, request, in));
      }
    } catch (IOException e) {
      // The other side went away, or the script closed: the connection is over.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      sockets.remove(socket);
    }
  }

  private static Seen bare(int number, String head) {
    List<String> lines = head.lines().toList();
    String[] first = lines.getFirst().split(" ", 3);
    return new Seen(number, first[0], first[1], lines.subList(1, lines.size()), 0);
  }

  private static Seen request(Socket socket, Seen bare, InputStream in) throws IOException {
    if (bare.first("Expect").isPresent()) {
      socket
          .getOutputStream()
          .write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }
    long body = bare.first("Transfer-Encoding").isPresent() ? chunked(in) : 0;
    for (String length : bare.all("Content-Length")) {
      in.skipNBytes(Long.parseLong(length));
      body = Long.parseLong(length);
    }
    return new Seen(bare.connection(), bare.method(), bare.target(), bare.lines(), body);
  }

  private static long chunked(InputStream in) throws IOException {
    long total = 0;
    while (true) {
      long size = Long.parseLong(line(in), 16);
      in.skipNBytes(size);
      line(in);
      if (size == 0) {
        return total;
      }
      total += size;
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int octet = in.read(); octet != '\n'; octet = in.read()) {
      if (octet < 0 || line.length() > MAX_HEAD) {
        throw new EOFException("no line");
      }
      line.append((char) octet);
    }
    return line.toString().strip();
  }

  /** The next head, or empty at the end of the connection. */
  private static Optional<String> head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int state = 0;
    while (state < 4 && head.size() < MAX_HEAD) {
      int octet = in.read();
      if (octet < 0) {
        return Optional.empty();
      }
      head.write(octet);
      char wanted = state % 2 == 0 ? '\r' : '\n';
      state = octet == wanted ? state + 1 : octet == '\r' ? 1 : 0;
    }
    return Optional.of(head.toString(StandardCharsets.ISO_8859_1).strip());
  }

  @Override
  public void close() {
    try {
      server.close();
      for (Socket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
