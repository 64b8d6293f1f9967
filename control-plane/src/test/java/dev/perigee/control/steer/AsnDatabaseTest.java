package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.GeoKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file of autonomous systems is kept for the edges; one of something else is refused. */
class AsnDatabaseTest {
  private static final Path DATA = Path.of("src/test/resources/geoip");
  private static final Duration NEVER = Duration.ofDays(1);

  @TempDir Path folder;

  @Test
  void aFileMayBeDistributedOnceEveryRecordWasReadAndABrokenOneDoesNotReplaceIt()
      throws IOException {
    Path file = folder.resolve("asn.mmdb");
    Files.copy(DATA.resolve("GeoLite2-ASN-Test.mmdb"), file);
    try (AsnDatabase database = new AsnDatabase(file, NEVER)) {
      Awaitility.await().until(() -> database.file().isPresent());
      assertEquals(GeoKind.ASN, database.file().orElseThrow().kind());
      assertEquals(Files.size(file), database.file().orElseThrow().size());
      String version = database.file().orElseThrow().version();
      Files.copy(DATA.resolve("README.md"), file, StandardCopyOption.REPLACE_EXISTING);
      assertFalse(database.reloadIfChanged());
      assertEquals(version, database.file().orElseThrow().version());
    }
  }

  @Test
  void aFileOfCitiesIsRefused() {
    Path cities = DATA.resolve("GeoLite2-City-Test.mmdb");
    IOException refused =
        assertThrows(IOException.class, () -> new AsnDatabase(cities, NEVER).close());
    assertTrue(refused.toString().contains("autonomous"), refused.toString());
  }
}
