package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromControl.Update;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

  private static Update update(long revision, String host) {
    OriginUrl origin = new OriginUrl("http", "origin.example", 80);
    SiteConfig site = new SiteConfig("one", List.of(host), List.of(origin), Set.of(), false, false);
    return new Update(
        "n", revision, revision - 1, 0, true, List.of(site), List.of(), List.of(), List.of(), "");
  }

  @Test
  void whatAFullDiskDoesNotTakeIsNotAcknowledgedAndComesAgain() throws IOException {
    FaultyFiles files = new FaultyFiles(folder.resolve("last-good"), () -> {});
    LastGoodStore store = new LastGoodStore(files, LastGoodStore.Limits.DEFAULT, Runnable::run);
    ActiveConfig active = new ActiveConfig("fra-1", ConfigState.empty(), c -> {}, s -> {});
    StreamAlone stream = new StreamAlone(folder, active, store);
    stream.say(SyncCodec.encode(update(1, "a.example")));
    assertInstanceOf(FromEdge.Ack.class, stream.said());
    files.room(10);
    stream.say(SyncCodec.encode(update(2, "b.example")));
    assertEquals(
        List.of("The last good configuration cannot be written."),
        assertInstanceOf(FromEdge.Nack.class, stream.said()).problems());
    assertEquals(1, active.get().revision());
    assertEquals(1, store.load().orElseThrow().revision());
    files.room(Long.MAX_VALUE);
    stream.say(SyncCodec.encode(update(2, "b.example")));
    assertEquals(2, assertInstanceOf(FromEdge.Ack.class, stream.said()).revision());
    assertEquals(active.state(), store.load().orElseThrow());
    store.close();
  }

  /** The story of an upgrade: a base alone is all that earlier builds wrote. */
  @Test
  void whatAnEarlierBuildWroteIsReadAndGoneOnFrom() throws IOException {
    Path file = folder.resolve("last-good");
    OriginUrl origin = new OriginUrl("http", "origin.example", 80);
    SiteConfig site =
        new SiteConfig("one", List.of("a.example"), List.of(origin), Set.of(), false, false);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    SyncCodec.encode(new FromControl.Welcome("log", 7, 0, 0)).writeDelimitedTo(out);
    SyncCodec.encode(
            new Update(
                "", 7, 0, 0, true, List.of(site), List.of(), List.of(), List.of(), "cdn.example"))
        .writeDelimitedTo(out);
    byte[] content = out.toByteArray();
    out.reset();
    out.writeBytes(Digest.of(content).bytes().toArray());
    out.writeBytes(content);
    Files.write(file, out.toByteArray());
    LastGoodStore store = new LastGoodStore(file);
    ConfigState before = store.recover().orElseThrow();
    assertEquals(7, before.revision());
    assertEquals(Map.of("one", site), before.sites());
    ConfigState next = new ConfigState("log", 8, "cdn.example", Map.of(), Map.of(), Map.of());
    store.save(next);
    store.close();
    assertEquals(Optional.of(next), new LastGoodStore(file).load());
    assertArrayEquals(out.toByteArray(), Files.readAllBytes(file), "the base is still the same");
  }
}
