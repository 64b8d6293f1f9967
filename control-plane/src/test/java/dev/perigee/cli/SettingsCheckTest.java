package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.store.TestPem;
import dev.perigee.keys.SealingKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What keeps a process from starting, or from being trusted, is seen in its files. */
final class SettingsCheckTest {
  private static final TestPem PEM = TestPem.ec("localhost");
  private static final TestPem OTHER = TestPem.ec("localhost");

  @TempDir Path folder;
  private Instant now = Instant.now();

  @BeforeEach
  void pair() throws IOException {
    file("cert.pem", PEM.certificate(), "rw-r--r--");
    file("key.pem", PEM.key(), "rw-------");
  }

  private Path file(String name, String text, String mode) throws IOException {
    Path file = Files.writeString(folder.resolve(name), text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    return file;
  }

  private SettingsCheck check(String... lines) throws IOException {
    String text = String.join("\n", lines).replace("@", folder + "/");
    return new SettingsCheck(file("perigee.conf", text, "rw-r--r--"), now, new SecureRandom());
  }

  private SettingsCheck both() throws IOException {
    return check("api-certificate=@cert.pem", "api-key=@key.pem");
  }

  private static void assertFails(String sentence, List<Finding> found) {
    List<Finding> bad = found.stream().filter(one -> one.level() == Finding.Level.FAIL).toList();
    assertEquals(1, bad.size(), found.toString());
    assertTrue(bad.getFirst().says().contains(sentence), found.toString());
    assertFalse(bad.getFirst().todo().isEmpty(), "what to do is said");
  }

  private static void assertWell(List<Finding> found) {
    assertTrue(found.stream().allMatch(one -> one.level() == Finding.Level.OK), found.toString());
  }

  @Test
  void aPairThatFitsIsWell() throws IOException {
    List<Finding> found = both().run();
    assertWell(found);
    assertEquals("2 options of a control plane", found.getFirst().says());
    assertTrue(found.get(1).says().startsWith("valid until "), found.toString());
    assertEquals(Finding.ok(folder + "/key.pem", "its owner's alone"), found.get(2));
  }

  @Test
  void aNodesFileIsToldFromAControlPlanes() throws IOException {
    List<Finding> found = check("name=fra-1", "control=c:7443", "cache-size=1g").run();
    assertEquals("3 options of a node", found.getFirst().says());
    SettingsCheck either = check("state-dir=@state");
    assertEquals("1 options of a control plane or a node", either.run().getFirst().says());
    assertEquals(Optional.of(folder.resolve("state")), either.stateDir());
  }

  @ParameterizedTest
  @CsvSource({
    "api-prot=7070, unknown to a control plane: api-prot",
    "name=a;cache-sise=1g, unknown to a node: cache-sise",
    "name=a;control=b:1;config=c, unknown to a node: config",
    "api-key=@key.pem, api-key without the other",
    "steer-certificate=@cert.pem, steer-certificate without the other",
    "steer-certificate=@cert.pem;steer-key=@none, there is no file",
    "api-certificate=@key.pem;api-key=@key.pem, PEM",
    "api-certificate=@cert.pem;api-key=@cert.pem, holds no PEM private key",
    "acme-ca-file=@none, no file that can be read",
    "key-file=@none, --key-file: there is no",
    "key-file=@key.pem, a line is ID:KEY",
    "api-port=\\uzzzz, cannot be read",
  })
  void whatIsWrongIsNamed(String lines, String sentence) throws IOException {
    List<Finding> found = check(lines.split(";", -1)).run();
    if (lines.contains("api-key=@cert.pem")) {
      found.removeIf(one -> one.says().contains("mode is not 600"));
    }
    assertFails(sentence, found);
  }

  @Test
  void aKeyOfAnotherCertificateIsNamed() throws IOException {
    file("key.pem", OTHER.key(), "rw-------");
    assertFails("the key does not belong to the first certificate", both().run());
  }

  @ParameterizedTest
  @CsvSource({"rw-r-----", "rw----r--", "rwx------"})
  void aKeyThatIsNotItsOwnersAloneIsNamed(String mode) throws IOException {
    file("key.pem", PEM.key(), mode);
    assertFails("its mode is not 600", both().run());
  }

  @Test
  void aCertificateThatEndsIsNamedBefore() throws IOException {
    Instant end = Instant.parse(both().run().get(1).says().replace("valid until ", ""));
    now = end.minus(Duration.ofDays(13));
    assertEquals(Finding.Level.WARN, both().run().get(1).level());
    now = end.plusSeconds(1);
    assertFails("expired at", both().run());
    now = Instant.EPOCH;
    assertFails("is valid from", both().run());
  }

  @Test
  void keysThatSealAreReadAsTheProcessDoes() throws IOException {
    String line = SealingKeys.newLine("2026-11", new SecureRandom());
    file("keys", line, "rw-------");
    List<Finding> found = check("key-file=@keys").run();
    assertWell(found);
    assertEquals("keys 2026-11", found.get(1).says());
    file("keys", line, "rw-r--r--");
    assertFails("others can read", check("key-file=@keys").run());
  }

  @Test
  void optionsWithASecretAreTheirOwnersAlone() throws IOException {
    assertFails("its mode is not 600", check("name=a", "join=secret").run());
    assertFails(
        "its mode is not 600", check("database-url=jdbc:postgresql://h/d?password=x").run());
    assertFalse(check("name=a", "join=the-secret").run().toString().contains("the-secret"));
  }

  @Test
  void aFileThatIsNotThereOrTooLargeIsNamed() throws IOException {
    assertFails(
        "there is no file",
        new SettingsCheck(folder.resolve("none"), now, new SecureRandom()).run());
    assertFails("has more than", check("#" + "x".repeat(2 << 20)).run());
  }
}
