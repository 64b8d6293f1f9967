package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A store on real files, with calls that wait for their answers. */
final class StoreUnderTest implements AutoCloseable {
  static final String SITE = "shop";
  static final String HOST = "www.shop.example";
  private static final long NOW = 1_800_000_000_000L;
  private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochMilli(NOW));
  private static final long SECONDS = 20;

  final StoreConfig config;
  final Path directory;
  final ChronicleResponseStore store;

  private StoreUnderTest(StoreConfig config, ChronicleResponseStore store) {
    this.config = config;
    this.directory = config.directory();
    this.store = store;
  }

  /** Twelve MiB, no memory tier: every read comes from the blocks. */
  static StoreConfig config(Path directory) {
    return new StoreConfig(directory, 12L << 20, 4L << 20, 0, 64L << 20, 2000, 1);
  }

  static StoreUnderTest open(Path directory) throws IOException {
    return open(config(directory), CLOCK);
  }

  static StoreUnderTest open(StoreConfig config, InstantSource clock) throws IOException {
    return open(config, clock, StoreParts.usual());
  }

  static StoreUnderTest open(StoreConfig config, InstantSource clock, StoreParts parts)
      throws IOException {
    ChronicleResponseStore store = ChronicleResponseStore.open(config, clock, parts);
    try {
      if (!store.awaitOpen(Duration.ofSeconds(SECONDS))) {
        throw new AssertionError("the store does not open");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return new StoreUnderTest(config, store);
  }

  StoreUnderTest restarted() throws IOException {
    store.close();
    return open(config, CLOCK);
  }

  /** The files as they are now, without an orderly end, as kill -9 leaves them. */
  StoreUnderTest afterCrash(Path copy) throws IOException {
    Files.createDirectories(copy);
    // Purges last: what a store forgets while it is copied was perhaps purged, never the reverse.
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file :
          files.filter(f -> !f.endsWith("lock") && !f.endsWith("purges")).sorted().toList()) {
        Path to = copy.resolve(directory.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(to);
        } else {
          Files.copy(file, to);
        }
      }
    }
    Files.copy(directory.resolve("purges"), copy.resolve("purges"));
    return open(config.in(copy), CLOCK);
  }

  /** Waits until what was removed so far has given its blocks back. */
  void settle() throws IOException {
    store.sweep();
    store.context.threads().drain();
  }

  /** What is taken in the file, in small blocks. */
  int taken() {
    return shard().room.chunks.taken();
  }

  /** The only one. */
  Shard shard() {
    return Objects.requireNonNull(store.shards.get(0));
  }

  static CacheKey key(String target) {
    return CacheKey.of(SITE, HOST, target);
  }

  StoredMeta meta(String target, String... fields) {
    return meta(key(target), Map.of(), Set.of(), store.fence(), fields);
  }

  static StoredMeta meta(
      CacheKey key, Map<String, String> vary, Set<String> tags, long fence, String... fields) {
    FieldList.Builder head = FieldList.builder();
    for (int i = 0; i < fields.length; i += 2) {
      head.add(fields[i], fields[i + 1]);
    }
    return new StoredMeta(
        key,
        new ResponseHead(200, head.build()),
        vary.keySet().stream().sorted().toList(),
        vary,
        tags,
        NOW,
        NOW,
        fence,
        fence,
        OptionalLong.empty());
  }

  /** A body whose every part tells where it belongs. */
  static byte[] body(String name, int length) {
    StringBuilder text = new StringBuilder(length + 64);
    while (text.length() < length) {
      text.append(name).append('@').append(text.length()).append(' ');
    }
    return text.substring(0, length).getBytes(StandardCharsets.ISO_8859_1);
  }

  Stored put(StoredMeta meta, byte[] body) {
    return put(store.begin(meta, OptionalLong.of(body.length)), body);
  }

  static Stored put(ResponseWriter writer, byte[] body) {
    for (int from = 0; from < body.length; from += 10_000) {
      byte[] part = java.util.Arrays.copyOfRange(body, from, Math.min(body.length, from + 10_000));
      CompletableFuture<Optional<StoreReason>> readable = new CompletableFuture<>();
      writer.write(ByteBuffer.wrap(part), readable::complete);
      await(readable);
    }
    CompletableFuture<Stored> done = new CompletableFuture<>();
    writer.complete(done::complete);
    return await(done);
  }

  /** Stores a body that names its target. */
  void putNamed(String target, int length) {
    Stored stored = put(meta(target), body(target, length));
    if (!(stored instanceof Stored.Kept)) {
      throw new AssertionError(target + ": " + stored);
    }
  }

  List<StoredResponse> find(String target) {
    return find(key(target));
  }

  List<StoredResponse> find(CacheKey key) {
    CompletableFuture<List<StoredResponse>> found = new CompletableFuture<>();
    store.find(key, Runnable::run, found::complete);
    return await(found);
  }

  boolean has(String target) {
    return !find(target).isEmpty();
  }

  /** The bytes of the newest response; empty where there is none or it cannot be read whole. */
  Optional<byte[]> read(String target) {
    List<StoredResponse> found = find(target);
    return found.isEmpty() ? Optional.empty() : read(found.getFirst());
  }

  static Optional<byte[]> read(StoredResponse response) {
    Optional<StoredBody> body = response.open();
    if (body.isEmpty()) {
      return Optional.empty();
    }
    try (StoredBody open = body.get()) {
      return read(open);
    }
  }

  static Optional<byte[]> read(StoredBody body) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    while (out.size() < body.length()) {
      byte[] part = readPart(body, out.size());
      if (part.length == 0) {
        return Optional.empty();
      }
      out.writeBytes(part);
    }
    return Optional.of(out.toByteArray());
  }

  /** As many bytes from there on as lie together; none where they cannot be had. */
  static byte[] readPart(StoredBody body, long position) {
    CompletableFuture<byte[]> part = new CompletableFuture<>();
    body.read(
        position,
        new StoredBody.Reading() {
          @Override
          public void ready(ByteBuffer bytes) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            part.complete(copy);
          }

          @Override
          public void failed(String reason) {
            part.complete(new byte[0]);
          }
        });
    return await(part);
  }

  void purge(long number, PurgeScope scope, boolean soft) throws IOException {
    store.applyPurges(List.of(new Purge(number, Optional.of(SITE), scope, soft)));
  }

  static <T> T await(CompletableFuture<T> future) {
    return future.orTimeout(SECONDS, TimeUnit.SECONDS).join();
  }

  @Override
  public void close() throws IOException {
    store.close();
  }
}
