package dev.perigee.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Settings come from options and from a file; what is not known stops the start. */
final class SettingsTest {
  @TempDir Path folder;

  private static Options parsed(String... args) throws IOException {
    Options options = new Options();
    CommandLine command = new CommandLine(options);
    Settings.read(command, args);
    Settings.parse(command, args);
    return options;
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("control.properties"), text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--config ", "--config="})
  void aFileGivesDefaultsThatOptionsOverrule(String form) throws IOException {
    Path file = file("state-dir=/var/lib/perigee\napi-port=1234\ngrpc-port=2345\n");
    String[] args = (form + file + " --grpc-port 7").split(" ", -1);
    Options options = parsed(args);
    assertEquals(Path.of("/var/lib/perigee"), options.stateDir);
    assertEquals(1234, options.apiPort);
    assertEquals(7, options.grpcPort);
    assertEquals(7053, options.dns.port);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--config ", "--config="})
  void aKeyThatIsNotKnownIsNamed(String form) throws IOException {
    Path file = file("state-dir=/var/lib/perigee\napi-prot=1234\n");
    IOException refusal =
        assertThrows(IOException.class, () -> parsed((form + file).split(" ", -1)));
    assertTrue(refusal.toString().contains("api-prot"), refusal.toString());
  }

  @Test
  void anOptionThatIsNotKnownIsNamed() {
    CommandLine.ParameterException refusal =
        assertThrows(CommandLine.ParameterException.class, () -> parsed("--colour", "red"));
    assertTrue(refusal.toString().contains("--colour"), refusal.toString());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 99, 60_001})
  void aPulseThatNoEdgeCouldKeepIsRefused(long millis) throws IOException {
    Options options = parsed("--state-dir", "here", "--edge-pulse", Long.toString(millis));
    IOException refusal = assertThrows(IOException.class, options::pulse);
    assertTrue(refusal.toString().contains("from 100 to 60000"), refusal.toString());
  }

  @Test
  void dutiesAreAllByDefaultAndOneThatIsNotKnownIsNamed() throws IOException {
    assertEquals(Set.of(Duty.values()), parsed("--state-dir", "here").duties);
    assertEquals(
        Set.of(Duty.DNS, Duty.STEER),
        parsed("--state-dir", "here", "--duties", "dns,steer").duties);
    assertEquals(Set.of(Duty.DNS), parsed("--state-dir", "here", "--roles", "dns").duties);
    CommandLine.ParameterException refusal =
        assertThrows(
            CommandLine.ParameterException.class,
            () -> parsed("--state-dir", "here", "--duties", "dns,mail"));
    assertTrue(refusal.toString().contains("'mail' is no duty; duties are api, dns, steer"));
  }

  @Test
  void theEffectiveSettingsHoldNoSecret() throws IOException {
    Options options =
        parsed(
            "--state-dir",
            "/tmp",
            "--database-url",
            "jdbc:postgresql://db/perigee?user=a&password=hidden-1");
    options.databasePassword = "hidden-2";
    assertFalse(options.effective().contains("hidden"), options.effective());
  }
}
