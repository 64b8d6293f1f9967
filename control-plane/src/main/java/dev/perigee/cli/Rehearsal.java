package dev.perigee.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A run of what commands do, beside a listener of its own on loopback: while it goes Java notes
 * which classes the client needs, and the launcher has them lie ready for the next start.
 */
public final class Rehearsal {
  private static final String ANSWER =
      """
      {"items":[{"id":"a","hosts":["a.example"],"origins":[],"regions":[],"n":1,"f":1.5,"t":true}]}
      """;

  /** RFC 8446, 5.1: the type of the first record of who speaks TLS. */
  private static final int TLS_HANDSHAKE = 22;

  private Rehearsal() {}

  /** Runs it. */
  public static void main(String[] args) throws IOException {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    Path token = Files.writeString(Files.createTempFile("perigee", ".token"), "none");
    try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread.ofPlatform().daemon().start(() -> answer(listener));
      String api = "http://127.0.0.1:" + listener.getLocalPort();
      URI base = URI.create(api + "/");
      Target target = new Target(base, "here", "none", "here", Optional.empty());
      ApiClient client = ApiClient.of(target, Map.of());
      out.println(Json.pretty(client.list("v1/sites")));
      client.post("v1/sites", Optional.of(Map.of("hosts", "a.example")));
      for (String command : new String[] {"site list", "node list", "status", "purge --tag a"}) {
        CommandTree.of(new PerigeeCli(), command.split(" ", -1)).parseArgs(command.split(" ", -1));
      }
      PerigeeCli.run("site", "list", "--api", api, "--token-file", token.toString());
      // What answers does not speak TLS: it goes as far as the first message.
      api = "https" + api.substring("http".length());
      PerigeeCli.run("site", "list", "--api", api, "--token-file", token.toString());
    } finally {
      Files.delete(token);
    }
    Table table = new Table("A", "B");
    table.row("a", "b");
    table.print(out);
  }

  private static void answer(ServerSocket listener) {
    String head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            + "Content-Length: %d\r\n\r\n".formatted(ANSWER.length());
    while (!listener.isClosed()) {
      try (Socket socket = listener.accept()) {
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        if (in.read() == TLS_HANDSHAKE) {
          continue;
        }
        String line = in.readLine();
        while (line != null && !line.isEmpty()) {
          line = in.readLine();
        }
        socket.getOutputStream().write((head + ANSWER).getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        return;
      }
    }
  }
}
