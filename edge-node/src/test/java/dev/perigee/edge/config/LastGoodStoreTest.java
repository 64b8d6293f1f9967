package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.PeerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The last good configuration survives, and a damaged one does not stop the node. */
class LastGoodStoreTest {
  @TempDir Path folder;

  @Test
  void whatWasSavedIsLoaded() throws IOException {
    LastGoodStore store = new LastGoodStore(folder.resolve("last-good"));
    assertEquals(Optional.empty(), store.load());
    ConfigState state =
        new ConfigState(
            "log",
            7,
            "cdn.example",
            Map.of(),
            Map.of(),
            Map.of("ams-1", new PeerConfig("ams-1", "eu", List.of("192.0.2.1"), 8444, true)));
    store.save(state);
    assertEquals(Optional.of(state), store.load());
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("last-good"))));
  }

  @Test
  void aDamagedFileIsPutAside() throws IOException {
    Path file = folder.resolve("last-good");
    LastGoodStore store = new LastGoodStore(file);
    store.save(ConfigState.empty());
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes);
    assertThrows(IOException.class, store::load);
    assertEquals(Optional.empty(), store.recover());
    assertFalse(Files.exists(file));
    assertTrue(Files.exists(folder.resolve("last-good.damaged")));
    store.save(ConfigState.empty());
    assertEquals(Optional.of(ConfigState.empty()), store.recover());
  }
}
