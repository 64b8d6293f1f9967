package dev.perigee.local;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What stands in for a control plane or an edge where the supervisor alone is tested: it takes
 * their options, says the same ready line, and answers the few requests that the supervisor makes.
 */
public final class StandIn {
  private final Map<String, String> options = new HashMap<>();
  private final Set<String> resources = ConcurrentHashMap.newKeySet();

  private StandIn(String... args) {
    for (int i = 0; i < args.length; i++) {
      boolean hasValue = i + 1 < args.length && !args[i + 1].startsWith("--");
      options.put(args[i], hasValue ? args[++i] : "");
    }
  }

  public static void main(String[] args) throws IOException {
    new StandIn(args).run();
  }

  private void run() throws IOException {
    if (options.containsKey("--api-port")) {
      Files.writeString(Path.of(option("--operator-token-file")), "secret\n");
      listen(option("--api-bind"), option("--api-port"));
      System.out.println("control plane ready");
      return;
    }
    if (option("--name").equals(System.getProperty("stand-in.fails", ""))) {
      System.out.println("the disk is full");
      System.exit(9);
    }
    Path state = Path.of(option("--state-dir"));
    if (!Files.isDirectory(state) && !options.containsKey("--join")) {
      throw new IllegalStateException("was not given a join token");
    }
    Files.createDirectories(state);
    Files.writeString(state.resolve("identity.pem"), "");
    listen(option("--bind"), option("--http-port"));
    System.out.println("edge " + option("--name") + " ready");
  }

  private String option(String name) {
    return options.getOrDefault(name, "");
  }

  private void listen(String host, String port) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(host, Integer.parseInt(port)), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      boolean adds = exchange.getRequestMethod().equals("POST");
      if (adds) {
        resources.add(path + "/" + body.replaceAll(".*?\"(?:name|id)\":\"([^\"]*)\".*", "$1"));
      }
      boolean found = adds || !path.startsWith("/v1/") || resources.contains(path);
      byte[] answer = "{\"token\":\"join-me\",\"enrolled\":true}".getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(found ? 200 : 404, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }
}
