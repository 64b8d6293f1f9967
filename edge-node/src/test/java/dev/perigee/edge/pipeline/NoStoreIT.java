package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Files;
import java.nio.file.Path;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A node whose disk refuses the cache at the start passes the traffic. */
final class NoStoreIT {
  private static final String TEXT = "0123456789abcdefghij";

  @RegisterExtension final NothingLeaks nothingLeaks = new NothingLeaks();

  @TempDir Path directory;

  @Test
  void everyRequestIsAnsweredFromTheOriginAndPurgesAreInForce() throws Exception {
    nothingLeaks.expectError("no cache: nothing is stored until the next start");
    // Where a small file would be written.
    Files.createDirectory(directory.resolve("ids.new"));
    try (ScriptedOrigin origin = ScriptedOrigin.start();
        EdgeUnderTest edge = new EdgeUnderTest(directory, origin.port())) {
      origin.on("/a", call -> call.ok(TEXT, "Cache-Control: max-age=60", "ETag: \"1\""));
      for (int request = 1; request <= 5; request++) {
        Response answer = RawClient.get(edge.port(), "/a");
        assertEquals(200, answer.status());
        assertEquals(TEXT, answer.body());
        assertTrue(answer.cacheStatus().contains("detail=broken"), answer.cacheStatus());
        Awaitility.await().until(() -> edge.openFetches() == 0);
        assertEquals(request, origin.requests("/a").size());
        edge.purge("/a");
      }
      Response part = RawClient.get(edge.port(), "/a", "Range: bytes=2-4");
      assertEquals(TEXT.substring(2, 5), part.body());
      assertEquals(304, RawClient.get(edge.port(), "/a", "If-None-Match: \"1\"").status());
    }
  }
}
