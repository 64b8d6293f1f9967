package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.testkit.Full;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that takes connections with the PROXY protocol only: nginx, in both versions of it. */
class ProxyProtocolE2E {
  private static final int PORT = 9100;
  private static final Path NGINX = Path.of("/usr/sbin/nginx");

  @Test
  @Full("nginx reads the PROXY protocol, of readers' requests and of health checks")
  void theServerIsToldOfTheReader(@TempDir Path folder) throws Exception {
    try (Network network = new Network(folder);
        Origin origin =
            NginxOrigin.start(NGINX, folder, network.originAddress(), PORT, "proxy_protocol")) {
      network.startControl();
      network.addEdge("proxy-1", 1, "eu-central", "50.11,8.68");
      for (int version = 1; version <= 2; version++) {
        String host = "v" + version + ".example";
        network.cliOk("site", "add", host, "--origin", origin.url());
        Path file = Files.writeString(folder.resolve("pools.json"), pools(origin.url(), version));
        network.cliOk("site", "pools", host, "--file", file.toString());
        Awaitility.await()
            .atMost(Duration.ofSeconds(20))
            .until(() -> network.get("proxy-1", host, "/t/first").status() == 200);
        Fetch.Answer answer = network.get("proxy-1", host, "/t/one");
        assertEquals(200, answer.status());
        assertEquals("127.0.0.1", answer.field("X-Told"));
        Awaitility.await("checked and well")
            .atMost(Duration.ofSeconds(20))
            .until(
                () ->
                    network.cliOk("site", "health", host).output().contains(" well ")
                        && origin.fetches("/t/health") > 2);
      }
    }
  }

  private static String pools(String url, int version) {
    return """
    {"pools": [{"name": "web", "servers": [{"url": "%s"}], "transport": {"proxyProtocol": %d},
      "check": {"path": "/t/health", "statuses": ["200"], "fall": 1, "rise": 1,
        "intervalMillis": 500, "timeoutMillis": 400}}]}
    """
        .formatted(url, version);
  }
}
