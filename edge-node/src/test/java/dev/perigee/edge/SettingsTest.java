package dev.perigee.edge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.listener.ClientPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The node's settings, from arguments and file. */
class SettingsTest {
  @TempDir Path folder = Path.of("");

  @Test
  void anUnknownKeyInTheFileIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("edge.conf"), "name=fra-1\ncash-size=1g\n");
    CommandLine command = new CommandLine(new EdgeOptions());
    StartException refused =
        assertThrows(StartException.class, () -> SettingsFile.read(file, command.getCommandSpec()));
    assertTrue(String.valueOf(refused.getMessage()).contains("'cash-size'"));
  }

  @Test
  void theCommandLineWinsOverTheFile() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("edge.conf"),
            """
            name=fra-1
            control=127.0.0.1:7443,[::1]:7443
            state-dir=state
            cache-size=10g
            serve-unsynced=0
            allow-private-origins=true
            """);
    EdgeOptions options = new EdgeOptions();
    CommandLine command = new CommandLine(options);
    command.setDefaultValueProvider(SettingsFile.read(file, command.getCommandSpec()));
    command.parseArgs("--cache-size", "100m", "--config", file.toString());
    assertEquals(100L << 20, options.cacheSize.bytes());
    assertEquals(2, options.control.size());
    assertEquals(Duration.ZERO, options.serveUnsynced.duration());
    assertTrue(options.layers.originAddresses().privateToo());
    assertEquals(Optional.empty(), options.problem());
  }

  private static EdgeOptions options(String... more) {
    EdgeOptions options = new EdgeOptions();
    List<String> arguments =
        new ArrayList<>(List.of("--name", "fra-1", "--control", "a:1", "--state-dir", "s"));
    arguments.addAll(List.of(more));
    new CommandLine(options).parseArgs(arguments.toArray(String[]::new));
    return options;
  }

  @Test
  void whatStandsBeforeAndBehindTheNodeIsReadStrictly() {
    EdgeOptions sound =
        options(
            "--trusted-proxies",
            "10.0.0.0/8,fd00::/8",
            "--trusted-proxies-field",
            "forwarded",
            "--proxy-protocol",
            "http,https",
            "--allow-origin-ranges",
            "10.1.0.0/16,127.0.0.1");
    assertEquals(Optional.empty(), sound.problem());
    assertEquals(2, sound.layers.clients().trusted().size());
    assertEquals(ClientPolicy.ProxyField.FORWARDED, sound.layers.clients().field());
    assertEquals(2, sound.layers.originAddresses().allowed().size());
    assertFalse(sound.layers.originAddresses().privateToo());
    for (String[] bad :
        new String[][] {
          {"--proxy-protocol", "http"},
          {"--proxy-protocol", "tcp", "--trusted-proxies", "10.0.0.0/8"},
          {"--pseudonym", "a b"}
        }) {
      assertTrue(options(bad).problem().orElse("").startsWith(bad[0]), bad[1]);
    }
    for (String[] bad :
        new String[][] {
          {"--trusted-proxies", "proxy.example"},
          {"--trusted-proxies-field", "x-real-ip"},
          {"--allow-origin-ranges", "10.0.0.1/8"}
        }) {
      assertThrows(CommandLine.ParameterException.class, () -> options(bad), bad[1]);
    }
  }

  @Test
  void aNodeIsFullAtItsProcessorsOrAsSaid() {
    assertEquals(Runtime.getRuntime().availableProcessors(), options().fullLoadAverage());
    assertEquals(12.5, options("--full-load-average", "12.5").fullLoadAverage());
    assertEquals(1, new LoadMeter(() -> 0, () -> 0, 1e-9).load(), "it is never more than full");
    for (String bad : new String[] {"-1", "NaN", "1e9"}) {
      assertTrue(
          options("--full-load-average", bad).problem().orElse("").startsWith("--full-load"), bad);
    }
  }

  @Test
  void theOperatorsPagesAreOnLoopbackWhereverReadersAre() {
    EdgeOptions options = new EdgeOptions();
    new CommandLine(options)
        .parseArgs("--name", "fra-1", "--control", "a:1", "--state-dir", "s", "--bind", "0.0.0.0");
    assertEquals("127.0.0.1", options.adminAddress());
  }

  @Test
  void theEffectiveSettingsHoldNoSecret() {
    EdgeOptions options = new EdgeOptions();
    new CommandLine(options)
        .parseArgs(
            "--name", "fra-1", "--control", "a:1", "--state-dir", "s", "--join", "pj1.secret");
    assertTrue(options.effective().contains("cache-size=1g"));
    assertFalse(options.effective().contains("secret"));
  }

  @Test
  void sizesAndDurationsAreReadStrictly() {
    assertEquals(10L << 30, ByteSize.parse("10g").bytes());
    assertEquals(512, ByteSize.parse("512").bytes());
    assertEquals("100m", ByteSize.parse("100m").toString());
    assertEquals(Duration.ofHours(24), TimeSpan.parse("24h").duration());
    for (String bad : new String[] {"", "g", "-1", "1.5g", "1 g", "99999999999t"}) {
      assertThrows(IllegalArgumentException.class, () -> ByteSize.parse(bad), bad);
    }
    for (String bad : new String[] {"", "5", "s", "-1s", "1w"}) {
      assertThrows(IllegalArgumentException.class, () -> TimeSpan.parse(bad), bad);
    }
  }
}
