package dev.perigee.edge;

import com.sun.net.httpserver.HttpServer;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.config.RehearsalControl;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import picocli.CommandLine;

/**
 * A start of a node and its first answers, beside a control plane and an origin of its own on
 * loopback: while it goes Java notes which classes a node needs, and the launcher has them lie
 * ready for the next start (JEP 483, 514).
 */
public final class Rehearsal {
  private static final String HOST = "rehearsal.example";
  private static final int LONGEST_SECONDS = 120;
  private static final int ROUNDS = 3;
  private static final int PATIENCE_MILLIS = 10_000;
  private static final Pattern PORTS = Pattern.compile("http=([0-9]+) https=([0-9]+)");
  private static final byte[] BODY = {'o', 'k'};

  private Rehearsal() {}

  /** Runs it. */
  public static void main(String[] args)
      throws IOException, GeneralSecurityException, InterruptedException {
    // Whoever waits for it waits for so long at most.
    Thread.ofPlatform().daemon().start(Rehearsal::giveUp);
    Path folder = Files.createTempDirectory("perigee-rehearsal");
    HttpServer origin = origin();
    origin.start();
    OriginUrl url = new OriginUrl("http", "127.0.0.1", origin.getAddress().getPort());
    SiteConfig site =
        new SiteConfig("rehearsal", List.of(HOST), List.of(url), Set.of(), false, false);
    try (RehearsalControl control = new RehearsalControl(site)) {
      node(control, folder);
    } catch (StartException e) {
      throw new IOException(e.getMessage());
    } finally {
      origin.stop(0);
      remove(folder);
    }
  }

  private static void node(RehearsalControl control, Path folder)
      throws StartException, IOException, GeneralSecurityException, InterruptedException {
    Path state = Files.createDirectory(folder.resolve("state"));
    EdgeOptions options = new EdgeOptions();
    new CommandLine(options)
        .parseArgs(
            "--name=" + HOST,
            "--control=127.0.0.1:" + control.port(),
            "--state-dir=" + state,
            "--bind=127.0.0.1",
            "--admin-bind=127.0.0.1",
            "--http-port=0",
            "--https-port=0",
            "--admin-port=0",
            "--cache-size=64m",
            "--memory-size=1m",
            "--io-threads=1",
            "--allow-private-origins");
    control.enrol(state.resolve("identity.pem"), options.keys(new SecureRandom()));
    try (EdgeNode node = new EdgeNode()) {
      Matcher ready = PORTS.matcher(node.start(options));
      if (!ready.find()) {
        throw new StartException("The node does not say where it listens.");
      }
      SSLContext reader = control.reader();
      for (int i = 0; i < ROUNDS; i++) {
        requireAnswer(SocketFactory.getDefault(), Integer.parseInt(ready.group(1)));
        requireAnswer(reader.getSocketFactory(), Integer.parseInt(ready.group(2)));
      }
    }
  }

  private static void requireAnswer(SocketFactory sockets, int port) throws IOException {
    try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
        Socket socket =
            sockets instanceof SSLSocketFactory tls
                ? tls.createSocket(plain, HOST, port, true)
                : plain) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      String request = "GET / HTTP/1.1\r\nHost: " + HOST + "\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      byte[] answer = socket.getInputStream().readAllBytes();
      String said = new String(answer, StandardCharsets.ISO_8859_1);
      if (!said.startsWith("HTTP/1.1 200 ")) {
        throw new IOException("The node answers: " + said.lines().findFirst().orElse(""));
      }
    }
  }

  private static void giveUp() {
    try {
      new CountDownLatch(1).await(LONGEST_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(1);
  }

  private static HttpServer origin() throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    HttpServer origin = HttpServer.create(any, 0);
    origin.createContext(
        "/",
        exchange -> {
          exchange.getResponseHeaders().set("Cache-Control", "max-age=60");
          exchange.sendResponseHeaders(200, BODY.length);
          exchange.getResponseBody().write(BODY);
          exchange.close();
        });
    return origin;
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path one : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(one);
      }
    }
  }
}
