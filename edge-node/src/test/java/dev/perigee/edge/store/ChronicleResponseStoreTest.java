package dev.perigee.edge.store;

import static dev.perigee.edge.store.StoreUnderTest.HOST;
import static dev.perigee.edge.store.StoreUnderTest.SITE;
import static dev.perigee.edge.store.StoreUnderTest.body;
import static dev.perigee.edge.store.StoreUnderTest.key;
import static dev.perigee.edge.store.StoreUnderTest.meta;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store keeps what it was given, within its bounds, over restarts and crashes. */
class ChronicleResponseStoreTest {
  @TempDir Path folder;

  @Test
  void bodiesOfEverySizeAreReadBackWhole() throws IOException {
    List<Integer> sizes =
        List.of(0, 1, 4095, 4096, 4097, 16_384, 16_385, 65_535, 65_536, 65_537, 81_920, 1_000_000);
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      for (int size : sizes) {
        store.putNamed("/" + size, size);
      }
      for (int size : sizes) {
        assertArrayEquals(body("/" + size, size), store.read("/" + size).orElseThrow());
      }
    }
  }

  @Test
  void everythingIsThereAfterARestart() throws IOException {
    StoreUnderTest store = StoreUnderTest.open(folder);
    CacheKey apart =
        new CacheKey(
            SITE, HOST, "/a", Optional.of("https"), OptionalInt.of(8443), "", CacheKey.WHOLE);
    StoredMeta meta = meta(apart, Map.of("accept", "x"), Set.of("t1", "t2"), 0, "ETag", "\"1\"");
    store.put(meta, body("a", 100_000));

    try (StoreUnderTest again = store.restarted()) {
      List<StoredResponse> found = again.find(apart);
      assertEquals(1, found.size());
      assertEquals(meta.toString(), found.getFirst().meta().toString());
      assertArrayEquals(body("a", 100_000), StoreUnderTest.read(found.getFirst()).orElseThrow());
    }
  }

  @Test
  void everythingIsThereAfterACrash() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder.resolve("before"))) {
      store.putNamed("/a", 100_000);
      store.putNamed("/b", 10);
      try (StoreUnderTest after = store.afterCrash(folder.resolve("after"))) {
        assertArrayEquals(body("/a", 100_000), after.read("/a").orElseThrow());
        assertArrayEquals(body("/b", 10), after.read("/b").orElseThrow());
      }
    }
  }

  @Test
  void aRecordThatNeedsBlocksOfItsOwnComesBackAndGivesThemUp() throws IOException {
    String longField = "x".repeat(150_000);
    StoreUnderTest store = StoreUnderTest.open(folder);
    store.put(store.meta("/long", "X-Long", longField), body("/long", 20));
    try (StoreUnderTest again = store.restarted()) {
      assertEquals(
          Optional.of(longField),
          again.find("/long").getFirst().meta().head().fields().first("X-Long"));
      again.store.invalidate(key("/long"));
      again.settle();
      assertEquals(0, again.taken());
    }
  }

  /** The story: records were added newest first, so a superseded response came back. */
  @Test
  void ofTwoRecordsOfOneVariantTheNewerIsServedAfterARestart() throws IOException {
    Disk disk = disk();
    writeDirectly(disk, 5, "/a", "old", 0);
    writeDirectly(disk, 9, "/a", "new", 1);
    disk.closeMaps();
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      assertEquals(1, store.find("/a").size());
      assertEquals("new", text(store.read("/a")));
      assertEquals(1, store.taken());
    }
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      assertEquals("new", text(store.read("/a")), "the older record was removed for good");
    }
  }

  /** The story: the block of a removed object was given to another, and later given back twice. */
  @Test
  void aBlockThatTwoRecordsNameBelongsToTheNewer() throws IOException {
    Disk disk = disk();
    writeDirectly(disk, 5, "/old", "old", 7);
    writeDirectly(disk, 9, "/new", "new", 7);
    disk.closeMaps();
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      assertFalse(store.has("/old"));
      assertEquals("new", text(store.read("/new")));
      store.store.invalidate(key("/new"));
      store.settle();
      assertEquals(0, store.taken());
    }
  }

  @Test
  void theOldestGoesFirstAfterARestartToo() throws IOException {
    StoreUnderTest store = StoreUnderTest.open(folder);
    for (int i = 0; i < 8; i++) {
      store.putNamed("/" + i, 1_000_000);
    }
    try (StoreUnderTest again = store.restarted()) {
      again.putNamed("/new", 2_000_000);
      assertFalse(again.has("/0"));
      assertTrue(again.has("/7"));
    }
  }

  /** The clock that jumps: what is stored after it is newer than what was stored before. */
  @Test
  void aClockThatWentBackDoesNotMakeANewResponseOlder() throws IOException {
    StoreUnderTest before = StoreUnderTest.open(folder);
    before.put(before.meta("/a"), body("before", 10));
    before.close();
    InstantSource earlier = InstantSource.fixed(Instant.ofEpochMilli(1_700_000_000_000L));
    StoreUnderTest after = StoreUnderTest.open(StoreUnderTest.config(folder), earlier);
    after.put(after.meta("/a"), body("after!", 10));
    try (StoreUnderTest crashed = after.afterCrash(folder.resolve("crashed"))) {
      assertArrayEquals(body("after!", 10), crashed.read("/a").orElseThrow());
    }
    after.close();
  }

  @Test
  void threeTimesItsCapacityGoesThroughAndNoFileGrows() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      long before = size(folder);
      int count = 0;
      for (long written = 0; written < 24L << 20; count++) {
        int length = 1 + (count * 7919) % 300_000;
        store.putNamed("/" + count, length);
        written += length;
      }
      for (int i = 0; i < count; i++) {
        int length = 1 + (i * 7919) % 300_000;
        Optional<byte[]> read = store.read("/" + i);
        if (read.isPresent()) {
          assertArrayEquals(body("/" + i, length), read.get());
        }
      }
      assertTrue(store.has("/" + (count - 1)));
      assertFalse(store.has("/10"));
      assertTrue(size(folder) <= before + 4096, size(folder) + " after " + before);
      assertTrue(size(folder) <= 12L << 20, size(folder) + " are more than it may take");
    }
  }

  @Test
  void allRoomCanBeFilledWithBodiesOfEitherSize() throws IOException {
    int chunks = StoreUnderTest.config(folder).ofShard().chunks();
    for (int size : List.of(65_536, 4096)) {
      int count = Math.min(1900, chunks * 65_536 / size);
      try (StoreUnderTest store = StoreUnderTest.open(folder.resolve("" + size))) {
        for (int i = 0; i < count; i++) {
          store.putNamed("/" + i, size);
        }
        assertEquals(count * (size / 4096), store.taken());
        assertEquals(0, store.store.statistics().evictions());
        for (int i = 0; i < count; i++) {
          assertTrue(store.read("/" + i).isPresent());
        }
      }
    }
  }

  /** The story: a quarter of the room was for small bodies, whatever came. */
  @Test
  void roomGoesOverFromOneSizeToTheOther() throws IOException {
    int chunks = StoreUnderTest.config(folder).ofShard().chunks();
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      for (int i = 0; i < chunks; i++) {
        store.putNamed("/large/" + i, 65_536);
      }
      for (int i = 0; i < 1500; i++) {
        store.putNamed("/small/" + i, 4096);
      }
      int kept = 0;
      for (int i = 0; i < 1500; i++) {
        kept += store.has("/small/" + i) ? 1 : 0;
      }
      assertTrue(kept > 700, kept + " small ones have taken the place of large ones");
      for (int i = 0; i < 2 * chunks; i++) {
        store.putNamed("/again/" + i, 65_536);
      }
      int large = 0;
      for (int i = 0; i < 2 * chunks; i++) {
        large += store.has("/again/" + i) ? 1 : 0;
      }
      assertTrue(large > chunks / 2, large + " large ones have taken it back");
    }
  }

  @Test
  void bytesBeingSentSurvivePurgeAndEviction() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      store.putNamed("/purged", 500_000);
      store.putNamed("/evicted", 500_000);
      StoredBody purged = store.find("/purged").getFirst().open().orElseThrow();
      StoredBody evicted = store.find("/evicted").getFirst().open().orElseThrow();
      store.purge(1, new PurgeScope.Url(HOST, "/purged"), false);
      for (int i = 0; i < 40; i++) {
        store.putNamed("/other/" + i, 500_000);
      }
      assertFalse(store.has("/purged"));
      assertArrayEquals(body("/purged", 500_000), StoreUnderTest.read(purged).orElseThrow());
      assertArrayEquals(body("/evicted", 500_000), StoreUnderTest.read(evicted).orElseThrow());
      purged.close();
      evicted.close();
    }
  }

  @Test
  void aBodyThatIsTooLargeOrOutgrowsTheStoreIsRefusedAndGivesItsRoomBack() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      ResponseWriter known = store.store.begin(store.meta("/a"), OptionalLong.of(5L << 20));
      assertEquals(Optional.of(StoreReason.TOO_LARGE), known.refused());
      Stored unknown =
          StoreUnderTest.put(
              store.store.begin(store.meta("/b"), OptionalLong.empty()), body("/b", 5 << 20));
      assertEquals(new Stored.Refused(StoreReason.TOO_LARGE), unknown);
      assertEquals(0, store.taken());
    }
  }

  @Test
  void aWriterThatIsAbandonedGivesItsRoomBackOnceItsReadersAreGone() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      ResponseWriter writer = store.store.begin(store.meta("/a"), OptionalLong.of(200_000));
      byte[] bytes = body("/a", 150_000);
      var readable = new java.util.concurrent.CompletableFuture<Optional<StoreReason>>();
      writer.write(java.nio.ByteBuffer.wrap(bytes), readable::complete);
      StoreUnderTest.await(readable);
      StoredBody reader = writer.body().orElseThrow();
      writer.abort();
      assertArrayEquals(bytes, StoreUnderTest.read(reader).orElseThrow());
      reader.close();
      org.awaitility.Awaitility.await().until(() -> store.taken() == 0);
      assertFalse(store.has("/a"));
    }
  }

  @Test
  void aFlippedByteIsNeverServed() throws IOException {
    StoreUnderTest store = StoreUnderTest.open(folder);
    store.putNamed("/a", 65_536);
    store.close();
    flip(
        folder.resolve("shard-0/blocks.dat"),
        Arrays.copyOfRange(body("/a", 65_536), 30_000, 30_020));
    try (StoreUnderTest again = StoreUnderTest.open(folder)) {
      assertTrue(again.has("/a"));
      assertEquals(Optional.empty(), again.read("/a").map(bytes -> bytes.length));
      assertFalse(again.has("/a"), "it is fetched again");
    }
  }

  /** Without the journal nobody knows what was purged: a cache may forget, it may not be wrong. */
  @Test
  void aLostOrDamagedJournalForgetsTheCache() throws IOException {
    for (boolean lost : List.of(true, false)) {
      Path place = folder.resolve("lost-" + lost);
      StoreUnderTest store = StoreUnderTest.open(place);
      store.putNamed("/a", 10);
      store.close();
      Path journal = place.resolve("purges");
      if (lost) {
        Files.delete(journal);
      } else {
        Files.writeString(journal, "no journal at all, but long enough");
      }
      try (StoreUnderTest again = StoreUnderTest.open(place)) {
        assertFalse(again.has("/a"));
        again.putNamed("/b", 10);
      }
      try (StoreUnderTest again = StoreUnderTest.open(place)) {
        assertTrue(again.has("/b"));
      }
    }
  }

  @Test
  void aDamagedFileIsBegunAnew() throws IOException {
    byte[] noise = new byte[4096];
    Arrays.fill(noise, (byte) 7);
    for (byte[] damage : List.of(new byte[4096], new byte[3], new byte[0], noise)) {
      for (String name : List.of("records.dat", "blocks.dat")) {
        Path place = Files.createTempDirectory(folder, name);
        StoreUnderTest store = StoreUnderTest.open(place);
        store.putNamed("/a", 10);
        store.close();
        Files.write(place.resolve("shard-0").resolve(name), damage);
        try (StoreUnderTest again = StoreUnderTest.open(place)) {
          assertFalse(again.has("/a"));
          again.putNamed("/b", 10);
          assertTrue(again.read("/b").isPresent());
        }
      }
    }
  }

  @Test
  void oneProcessAtATime() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      IOException refused = assertThrows(IOException.class, () -> StoreUnderTest.open(folder));
      assertTrue(refused.toString().contains("process uses"), refused.toString());
      store.putNamed("/a", 10);
      assertTrue(store.has("/a"));
    }
    StoreUnderTest.open(folder).close();
  }

  @Test
  void aNewResponseTakesThePlaceOfItsVariantOnly() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      for (String language : List.of("de", "en", "de")) {
        store.put(
            meta(key("/a"), Map.of("accept-language", language), Set.of(), 0), body(language, 10));
      }
      List<String> values =
          store.find("/a").stream().map(r -> r.meta().varyValues().get("accept-language")).toList();
      assertEquals(List.of("de", "en"), values);
    }
  }

  @Test
  void aPurgeClearsWhatItNamesAndNothingElse() throws IOException {
    Map<PurgeScope, Set<String>> cleared =
        Map.of(
            new PurgeScope.Url(HOST, "/img/a"), Set.of("/img/a"),
            new PurgeScope.Prefix(Optional.of(HOST), "/img/"), Set.of("/img/a", "/img/b"),
            new PurgeScope.Prefix(Optional.of("other.example"), "/img/"), Set.of(),
            new PurgeScope.Tag("red"), Set.of("/img/b", "/text"),
            new PurgeScope.Host(HOST), Set.of("/img/a", "/img/b", "/text"),
            new PurgeScope.Host("other.example"), Set.of(),
            new PurgeScope.Everything(), Set.of("/img/a", "/img/b", "/text"));
    long number = 0;
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      for (Map.Entry<PurgeScope, Set<String>> one : cleared.entrySet()) {
        for (boolean soft : List.of(false, true)) {
          fill(store);
          number++;
          store.purge(number, one.getKey(), soft);
          for (String target : List.of("/img/a", "/img/b", "/text")) {
            List<StoredResponse> found = store.find(target);
            boolean touched = one.getValue().contains(target);
            String what = one.getKey() + (soft ? " soft " : " hard ") + target;
            assertEquals(!touched || soft, !found.isEmpty(), what);
            if (!found.isEmpty()) {
              OptionalLong by = touched ? OptionalLong.of(number) : OptionalLong.empty();
              assertEquals(by, found.getFirst().meta().softPurgedBy(), what);
            }
          }
          assertTrue(!store.find(CacheKey.of("neighbour", HOST, "/img/a")).isEmpty(), "neighbour");
        }
      }
    }
  }

  private static void fill(StoreUnderTest store) {
    long fence = store.store.fence();
    store.put(meta(key("/img/a"), Map.of(), Set.of(), fence), body("a", 10));
    store.put(meta(key("/img/b"), Map.of(), Set.of("red"), fence), body("b", 10));
    store.put(meta(key("/text"), Map.of(), Set.of("red", "blue"), fence), body("t", 10));
    CacheKey neighbour = CacheKey.of("neighbour", HOST, "/img/a");
    store.put(meta(neighbour, Map.of(), Set.of("red"), fence), body("n", 10));
  }

  @Test
  void aPurgeByUrlFindsAllVariantsAndBothSchemes() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      List<CacheKey> keys = new ArrayList<>(List.of(key("/a")));
      for (String scheme : List.of("http", "https")) {
        keys.add(
            new CacheKey(
                SITE, HOST, "/a", Optional.of(scheme), OptionalInt.of(8080), "", CacheKey.WHOLE));
      }
      for (CacheKey key : keys) {
        store.put(meta(key, Map.of("accept", "1"), Set.of(), 0), body("1", 10));
        store.put(meta(key, Map.of("accept", "2"), Set.of(), 0), body("2", 10));
      }
      store.purge(1, new PurgeScope.Url(HOST, "/a"), false);
      for (CacheKey key : keys) {
        assertEquals(List.of(), store.find(key));
      }
    }
  }

  /** The acknowledgement comes before the sweeper: what it has not come to yet is gone as well. */
  @Test
  void aPurgeOfManyIsInForceOnceItReturns() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      for (int i = 0; i < 1500; i++) {
        store.put(
            meta(key("/" + i), Map.of(), Set.of(i % 2 == 0 ? "even" : "odd"), 0), body("", 0));
      }
      store.purge(1, new PurgeScope.Tag("even"), false);
      store.purge(2, new PurgeScope.Tag("odd"), true);
      for (int i = 1499; i >= 0; i--) {
        List<StoredResponse> found = store.find("/" + i);
        assertEquals(i % 2, found.size(), "/" + i);
        if (i % 2 == 1) {
          assertEquals(OptionalLong.of(2), found.getFirst().meta().softPurgedBy());
        }
      }
      org.awaitility.Awaitility.await().until(() -> store.store.statistics().objects() == 750);
    }
  }

  /** The story: a 304 gave the response another tag before the purge of the old one was swept. */
  @Test
  void aNewTagDoesNotSaveFromThePurgeOfTheOldOne() throws IOException {
    for (int round = 0; round < 50; round++) {
      try (StoreUnderTest store = StoreUnderTest.open(folder.resolve("" + round))) {
        StoredMeta old = meta(key("/a"), Map.of(), Set.of("old"), 0);
        store.put(old, body("a", 10));
        StoredResponse stale = store.find("/a").getFirst();
        store.purge(1, new PurgeScope.Tag("old"), false);
        StoredMeta renamed = meta(key("/a"), Map.of(), Set.of("new"), 0);
        assertInstanceOf(Stored.Refused.class, store.store.refresh(stale, renamed));
        assertFalse(store.has("/a"));
      }
    }
  }

  @Test
  void whatWasFetchedBeforeAPurgeIsNotKeptAfterIt() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      StoredMeta began = meta(key("/a"), Map.of(), Set.of("t"), store.store.fence());
      store.purge(1, new PurgeScope.Tag("t"), false);
      assertEquals(new Stored.Refused(StoreReason.PURGED), store.put(began, body("a", 10)));
      assertInstanceOf(Stored.Kept.class, store.put(store.meta("/a"), body("a", 10)));
    }
  }

  @Test
  void aValidationDoesNotReviveWhatWasPurgedMeanwhile() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      store.putNamed("/a", 10);
      StoredResponse stale = store.find("/a").getFirst();
      store.purge(1, new PurgeScope.Url(HOST, "/a"), false);
      assertInstanceOf(Stored.Refused.class, store.store.refresh(stale, stale.meta()));
      assertFalse(store.has("/a"));
    }
  }

  @Test
  void purgesHoldAfterARestartAndAfterACrash() throws IOException {
    StoreUnderTest store = StoreUnderTest.open(folder.resolve("first"));
    store.putNamed("/hard", 10);
    store.putNamed("/soft", 10);
    store.purge(1, new PurgeScope.Url(HOST, "/hard"), false);
    store.purge(2, new PurgeScope.Url(HOST, "/soft"), true);
    try (StoreUnderTest after = store.afterCrash(folder.resolve("crash"))) {
      assertPurged(after);
    }
    try (StoreUnderTest after = store.restarted()) {
      assertPurged(after);
      assertEquals(2, after.store.applyPurges(List.of(purge(2, "/soft"))), "known already");
      assertEquals(3, after.store.applyPurges(List.of(purge(3, "/soft"))));
    }
  }

  private static Purge purge(long number, String target) {
    return new Purge(number, Optional.of(SITE), new PurgeScope.Url(HOST, target), false);
  }

  private static void assertPurged(StoreUnderTest store) {
    assertEquals(2, store.store.lastPurge());
    assertFalse(store.has("/hard"));
    assertEquals(OptionalLong.of(2), store.find("/soft").getFirst().meta().softPurgedBy());
  }

  @Test
  void anotherLogForgetsEverythingWhateverItsNumbers() throws IOException {
    StoreUnderTest store = StoreUnderTest.open(folder.resolve("first"));
    store.store.adopt("one", 500);
    store.putNamed("/a", 10);
    store.store.adopt("two", 3);
    assertFalse(store.has("/a"));
    store.putNamed("/b", 10);
    try (StoreUnderTest after = store.afterCrash(folder.resolve("crash"))) {
      assertEquals("two", after.store.logId());
      assertEquals(3, after.store.lastPurge());
      assertFalse(after.has("/a"));
      assertTrue(after.has("/b"));
    }
    store.close();
  }

  @Test
  void aGapInTheLogForgetsWhatIsOlder() throws IOException {
    try (StoreUnderTest store = StoreUnderTest.open(folder)) {
      store.store.adopt("one", 5);
      store.putNamed("/older", 10);
      store.store.adopt("one", 9);
      store.putNamed("/newer", 10);
      store.store.adopt("one", 9);
      assertFalse(store.has("/older"));
      assertTrue(store.has("/newer"));
    }
  }

  /** The story: every start of every edge ran the Java compiler for seconds. */
  @Test
  void theCompilerIsNotNeededToOpenAMap() throws Exception {
    String name = "net.openhft.chronicle.hash.VanillaGlobalMutableState$$Native";
    assertTrue(getClass().getResource("/" + name.replace('.', '/') + ".class") != null);
    StoreUnderTest.open(folder).close();
    assertEquals(name, Class.forName(name).getName());
  }

  @Test
  void limitsThatCannotHoldAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> config(1, 1, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> config(8L << 20, 1, -1, 1));
    assertThrows(IllegalArgumentException.class, () -> config(8L << 20, 0, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> config(8L << 20, 1, 0, 0));
  }

  private StoreConfig config(long capacity, long maxObject, long memory, int objects) {
    return new StoreConfig(folder, capacity, maxObject, memory, 1, objects, 1);
  }

  private static void writeDirectly(Disk disk, long id, String target, String text, int block) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    disk.blocks.writeSmall(block, id, ObjectWriter.SMALL_INDEX, bytes, bytes.length);
    StoredMeta meta = meta(key(target), Map.of(), Set.of(), 0);
    ObjectRecord object = new ObjectRecord(id, meta, bytes.length, new int[0], new int[] {block});
    disk.put(id, ObjectCodec.encode(object), new int[0]);
  }

  /** The files of the only shard of a store that was never closed in order. */
  private Disk disk() throws IOException {
    StoreUnderTest.open(folder).close();
    return Disk.open(StoreUnderTest.config(folder).ofShard().in(folder.resolve("shard-0")));
  }

  private static String text(Optional<byte[]> bytes) {
    return new String(bytes.orElseThrow(), StandardCharsets.UTF_8);
  }

  private static long size(Path folder) throws IOException {
    long size = 0;
    try (var files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        size += Files.size(file);
      }
    }
    return size;
  }

  private static void flip(Path file, byte[] pattern) throws IOException {
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      byte[] all = new byte[(int) out.length()];
      out.readFully(all);
      String text = new String(all, StandardCharsets.ISO_8859_1);
      int at = text.indexOf(new String(pattern, StandardCharsets.ISO_8859_1));
      assertTrue(at > 0, "the pattern is in the file");
      out.seek(at);
      out.write(all[at] ^ 1);
    }
  }
}
