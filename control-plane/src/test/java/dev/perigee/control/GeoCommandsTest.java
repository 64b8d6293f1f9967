package dev.perigee.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GeoCommandsTest {
  private static final Path NEWER =
      Path.of("src/test/resources/geoip/GeoIP2-City-Test.mmdb").toAbsolutePath();

  @TempDir Path folder;

  @Test
  void anUpdateEndsWithWhatBecameOfIt() throws Exception {
    String sum = GeoFile.of(GeoKind.CITY, Files.readAllBytes(NEWER)).version();
    String serving = folder.resolve("city.mmdb").toString();
    String[] good = {"update", "--from", NEWER.toString(), "--file", serving, "--sha256", sum};
    assertEquals(0, GeoCommands.run(good));
    assertEquals(-1, Files.mismatch(NEWER, folder.resolve("city.mmdb")));
    assertEquals(
        1,
        GeoCommands.run(
            "update",
            "--kind",
            "asn",
            "--from",
            NEWER.toString(),
            "--file",
            serving,
            "--sha256",
            sum));
    assertEquals(1, GeoCommands.run("update", "--from", NEWER.toString(), "--file", serving));
    assertEquals(2, GeoCommands.run("update", "--from", NEWER.toString()));
  }
}
