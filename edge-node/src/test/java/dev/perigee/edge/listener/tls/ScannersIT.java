package dev.perigee.edge.listener.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.config.TestAuthority;
import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** sslscan and testssl.sh find nothing to object to. */
@Full("scans with Debian's sslscan and testssl.sh")
class ScannersIT {
  private static final String SHOP = "www.shop.example";
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** What testssl.sh says of one thing. */
  private static final Pattern FINDING =
      Pattern.compile("\"id\"\\s*:\\s*\"([^\"]+)\"[^}]*?\"severity\"\\s*:\\s*\"([A-Z]+)\"");

  /**
   * That one it asks without a server name, which no certificate is for: what it would find is
   * tried in {@link OpenSslIT}.
   */
  private static final String WITHOUT_NAME = "secure_renego";

  /** That one is of the scanner itself, whose OpenSSL may have no GOST; none of the server. */
  private static final String OF_ITSELF = "engine_problem";

  private final TestAuthority authority = new TestAuthority();
  private final List<TlsNode> running = new ArrayList<>();
  @TempDir Path folder;

  @BeforeEach
  void start() throws Exception {
    running.add(
        new TlsNode(
            new ServerTls(TlsEngine.BORINGSSL),
            authority.server("EC", SHOP).config(SHOP),
            authority.server("RSA", SHOP).config(SHOP)));
  }

  @AfterEach
  void stop() {
    running.forEach(TlsNode::close);
  }

  private String run(List<String> command) {
    return RunningProcess.run(command.getFirst(), folder, Map.of(), PATIENCE, command).output();
  }

  @Test
  void sslscanFindsNothingToObjectTo() throws Exception {
    Path found = folder.resolve("found.xml");
    run(
        List.of(
            "sslscan",
            "--no-colour",
            "--sni-name=" + SHOP,
            "--xml=" + found,
            "127.0.0.1:" + running.getFirst().port()));
    String all = Files.readString(found);
    for (String version :
        List.of("ssl\" version=\"2", "ssl\" version=\"3", "tls\" version=\"1.0")) {
      assertTrue(all.contains("<protocol type=\"" + version + "\" enabled=\"0\""), all);
    }
    assertTrue(all.contains("<protocol type=\"tls\" version=\"1.1\" enabled=\"0\""), all);
    assertTrue(all.contains("<protocol type=\"tls\" version=\"1.3\" enabled=\"1\""), all);
    assertTrue(all.contains("<renegotiation supported=\"0\""), all);
    assertFalse(all.contains("vulnerable=\"1\""), all);
    Matcher strengths = Pattern.compile("<cipher [^>]*strength=\"([a-z]+)\"").matcher(all);
    int suites = 0;
    while (strengths.find()) {
      assertTrue(List.of("strong", "acceptable").contains(strengths.group(1)), all);
      suites++;
    }
    assertEquals(9, suites, all);
  }

  @Test
  void testsslFindsNothingToObjectTo() throws Exception {
    Path found = folder.resolve("found.json");
    String said =
        run(
            List.of(
                "testssl",
                "-p",
                "-s",
                "-f",
                "-U",
                "--warnings",
                "off",
                "--color",
                "0",
                "--nodns",
                "none",
                "--ip",
                "127.0.0.1",
                "--add-ca",
                TlsNode.trusted(authority, folder).toString(),
                "--jsonfile",
                found.toString(),
                SHOP + ":" + running.getFirst().port()));
    Matcher findings = FINDING.matcher(Files.readString(found));
    List<String> objections = new ArrayList<>();
    int all = 0;
    while (findings.find()) {
      all++;
      boolean isFine =
          List.of("OK", "INFO").contains(findings.group(2))
              || List.of(WITHOUT_NAME, OF_ITSELF).contains(findings.group(1));
      if (!isFine) {
        objections.add(findings.group());
      }
    }
    assertTrue(all > 40, said);
    assertEquals(List.of(), objections);
  }
}
