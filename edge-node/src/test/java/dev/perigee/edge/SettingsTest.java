package dev.perigee.edge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
