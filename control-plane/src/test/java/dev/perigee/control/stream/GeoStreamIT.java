package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.FromEdge.GeoOutcome;
import dev.perigee.contract.FromEdge.GeoReport;
import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.GeoKind;
import dev.perigee.contract.Limits;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.control.stream.TestControl.Identity;
import dev.perigee.testkit.NothingLeaks;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** GeoIP databases over the sync stream, on real sockets. */
final class GeoStreamIT {
  private static final List<GeoHolding> NOTHING = List.of(GeoHolding.none(GeoKind.CITY));

  @RegisterExtension final NothingLeaks nothingLeaks = NothingLeaks.watchingThreads("stream-.*");

  private TestControl control;
  private final byte[] content = new byte[9 * Limits.GEO_CHUNK_BYTES + 5];

  @BeforeEach
  void start() throws IOException {
    control = new TestControl();
    new Random(3).nextBytes(content);
    control.geoFiles.set(List.of(GeoFile.of(GeoKind.CITY, content.clone())));
  }

  @AfterEach
  void stop() {
    control.close();
  }

  private TestEdge edge(Identity identity, List<GeoHolding> geo) throws Exception {
    String log = control.numbers.head().logId();
    TestEdge edge = control.stream(Optional.of(identity)).hello(identity.node(), 0, 0, log, geo);
    edge.next(FromControl.Welcome.class);
    return edge;
  }

  /** The next part; the first snapshot may come before it. */
  private static GeoChunk nextChunk(TestEdge edge) throws InterruptedException {
    ControlMessage message = edge.raw();
    assertTrue(message.getSerializedSize() <= Limits.MESSAGE_BYTES);
    return SyncCodec.decode(message) instanceof GeoChunk chunk ? chunk : nextChunk(edge);
  }

  /** The next part; the report before it may come later than the time that it makes them wait. */
  private GeoChunk chunkAsTimePasses(TestEdge edge) throws InterruptedException {
    for (int second = 0; second < 40; second++) {
      control.clock.advance(Duration.ofSeconds(1));
      if (edge.within(500).orElse(null) instanceof GeoChunk chunk) {
        return chunk;
      }
    }
    throw new AssertionError("it does not come anew");
  }

  private static void report(TestEdge edge, GeoChunk about, GeoOutcome outcome, long received) {
    edge.say(new GeoReport(about.kind(), about.version(), outcome, received, "why"));
  }

  private static byte[] whole(TestEdge edge) throws InterruptedException {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    GeoChunk chunk;
    do {
      chunk = nextChunk(edge);
      assertEquals(joined.size(), chunk.offset());
      joined.writeBytes(chunk.content().toArray());
      report(edge, chunk, GeoOutcome.TAKING, joined.size());
    } while (joined.size() < chunk.size());
    report(edge, chunk, GeoOutcome.TAKEN, joined.size());
    return joined.toByteArray();
  }

  @Test
  void anEdgeGetsTheWholeFileOnceAndANewerOneAfterIt() throws Exception {
    try (TestEdge edge = edge(control.enrolled("fra-1", "eu"), NOTHING)) {
      assertArrayEquals(content, whole(edge));
      Optional<FromControl> more = edge.within(1_500);
      if (more.filter(FromControl.Update.class::isInstance).isPresent()) {
        // The state comes beside the file, before it or behind it.
        more = edge.within(1_500);
      }
      assertEquals(Optional.empty(), more);
      byte[] newer = new byte[77];
      control.geoFiles.set(List.of(GeoFile.of(GeoKind.CITY, newer.clone())));
      assertArrayEquals(newer, whole(edge));
    }
  }

  @Test
  void anEdgeThatHasItOrTakesNoneGetsNothing() throws Exception {
    GeoFile file = control.geoFiles.get().getFirst();
    List<GeoHolding> has = List.of(new GeoHolding(GeoKind.CITY, file.version(), 1));
    Identity fra = control.enrolled("fra-1", "eu");
    Identity iad = control.enrolled("iad-1", "us");
    try (TestEdge one = edge(fra, has);
        TestEdge old = edge(iad, List.of())) {
      one.next(FromControl.Update.class);
      old.next(FromControl.Update.class);
      assertEquals(Optional.empty(), one.within(1_500));
      assertEquals(Optional.empty(), old.within(1));
    }
  }

  @Test
  void anEdgeThatReportsNothingHoldsUpNeitherItsPurgesNorAnotherEdge() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    Identity iad = control.enrolled("iad-1", "us");
    try (TestEdge silent = edge(fra, NOTHING);
        TestEdge other = edge(iad, NOTHING)) {
      nextChunk(silent);
      nextChunk(silent);
      assertArrayEquals(content, whole(other));
      control.purges.issue(Optional.empty(), new PurgeScope.Everything(), false, Optional.empty());
      FromControl next = SyncCodec.decode(silent.raw());
      if (next instanceof FromControl.Update) {
        next = SyncCodec.decode(silent.raw());
      }
      assertTrue(next instanceof FromControl.Purges, "no third part before a report: " + next);
    }
  }

  @Test
  void whatWasTornComesAnewAfterAWaitAndWhatWasRefusedDoesNot() throws Exception {
    try (TestEdge edge = edge(control.enrolled("fra-1", "eu"), NOTHING)) {
      GeoChunk first = nextChunk(edge);
      nextChunk(edge);
      report(edge, first, GeoOutcome.TORN, 0);
      Optional<FromControl> meanwhile = edge.within(1_500);
      assertTrue(meanwhile.filter(GeoChunk.class::isInstance).isEmpty(), "the clock stands still");
      GeoChunk again = chunkAsTimePasses(edge);
      assertEquals(0, again.offset());
      nextChunk(edge);
      report(edge, again, GeoOutcome.REFUSED, 0);
      control.clock.advance(Duration.ofHours(1));
      assertEquals(Optional.empty(), edge.within(1_500));
    }
  }

  /** Whether it is connected when the operator takes it away, or comes later. */
  @Test
  void anEdgeIsToldThatTheOperatorsFileIsThereNoMore() throws Exception {
    GeoFile own = GeoFile.of(GeoKind.OVERRIDE, content.clone());
    List<GeoHolding> has = List.of(new GeoHolding(GeoKind.OVERRIDE, own.version(), 1));
    Identity fra = control.enrolled("fra-1", "eu");
    Identity iad = control.enrolled("iad-1", "us");
    control.geoFiles.set(List.of(own));
    try (TestEdge there = edge(fra, has)) {
      there.next(FromControl.Update.class);
      control.geoFiles.set(List.of(GeoFile.none(GeoKind.OVERRIDE)));
      try (TestEdge away = edge(iad, has)) {
        for (TestEdge edge : List.of(there, away)) {
          GeoChunk none = nextChunk(edge);
          assertTrue(none.isNone(), none.toString());
          report(edge, none, GeoOutcome.TAKEN, 0);
        }
      }
    }
  }
}
