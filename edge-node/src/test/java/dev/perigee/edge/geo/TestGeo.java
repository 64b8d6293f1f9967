package dev.perigee.edge.geo;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Databases for tests of other packages. */
public final class TestGeo {
  private TestGeo() {}

  /** Puts a database in force. */
  public static void take(Path folder, GeoLocator locator, GeoKind kind, byte[] content)
      throws IOException {
    String version = GeoFile.of(kind, content.clone()).version();
    Path file = Files.write(folder.resolve(version), content);
    locator.swap(GeoRecords.open(kind, version, file));
  }
}
