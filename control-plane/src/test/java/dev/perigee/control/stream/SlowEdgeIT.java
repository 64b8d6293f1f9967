package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.Limits;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.control.store.TestPostgres;
import dev.perigee.control.stream.TestControl.Identity;
import dev.perigee.testkit.NothingLeaks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a slow edge costs: little memory, and nothing of the other edges' time. */
final class SlowEdgeIT {
  private static final int MOST_QUEUED = 1 << 20;
  private static final int WINDOW = 64 * 1024;

  @RegisterExtension final NothingLeaks nothingLeaks = NothingLeaks.watchingThreads("stream-.*");

  private TestControl control;

  @BeforeEach
  void start() throws IOException {
    control = new TestControl(TestPostgres.fresh(), WINDOW);
  }

  @AfterEach
  void stop() {
    control.close();
  }

  private SiteConfig added(String host) {
    return TestControl.committed(control.sites.add(TestControl.site(host)));
  }

  /** Purges of 7 KB each. */
  private void purge(SiteConfig site, int count) {
    for (int i = 0; i < count; i++) {
      PurgeScope url = new PurgeScope.Url(site.hosts().getFirst(), "/" + i + "x".repeat(7_000));
      control.purges.issue(Optional.of(site.id()), url, false, Optional.empty());
    }
  }

  private static List<Long> numbers(FromControl.Purges purges) {
    return purges.purges().stream().map(Purge::number).toList();
  }

  private static List<Long> through(int last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  /** Reads to this purge; the numbers of all purges that came. */
  private static List<Long> purgesTo(TestEdge edge, int last) throws InterruptedException {
    List<Long> came = new ArrayList<>();
    while (came.isEmpty() || came.getLast() < last) {
      if (SyncCodec.decode(edge.raw()) instanceof FromControl.Purges purges) {
        came.addAll(numbers(purges));
        edge.say(new FromEdge.PurgeAck(came.getLast()));
      }
    }
    return came;
  }

  /** A site whose update is 23 KB. */
  private void addLarge(int number) {
    String tail = ("." + "x".repeat(60)).repeat(3) + ".example";
    List<String> hosts = new ArrayList<>();
    for (int h = 0; h < Limits.SITE_HOSTS; h++) {
      hosts.add("h" + h + "-of-" + number + tail);
    }
    SiteConfig one = TestControl.site("unused.example");
    TestControl.committed(
        control.sites.add(
            new SiteConfig("large-" + number, hosts, one.origins(), one.regions(), false, false)));
  }

  @Test
  void anEdgeThatStopsReadingIsQueuedLittleDelaysNobodyAndCatchesUpInOrder() throws Exception {
    Identity slowOne = control.enrolled("slow-1", "eu");
    Identity fastOne = control.enrolled("fast-1", "eu");
    SiteConfig shop = added("shop.example");
    try (TestEdge slow = control.slow(slowOne).hello("slow-1", 0, 0, "").take(2);
        TestEdge fast = control.connect(fastOne)) {
      slow.next(FromControl.Welcome.class);
      long at = slow.next(FromControl.Update.class).revision();
      long before = control.sync.handed("slow-1");

      for (int i = 0; i < 60; i++) {
        addLarge(i);
      }
      purge(shop, 200);

      assertEquals(through(200), purgesTo(fast, 200), "while the other one reads nothing");
      long queued = control.sync.handed("slow-1") - before;
      assertTrue(queued <= MOST_QUEUED, queued + " bytes of 2.8 MB");

      long head = control.numbers.head().revision();
      slow.take(Integer.MAX_VALUE);
      List<Long> purges = new ArrayList<>();
      while (purges.size() < 200 || at < head) {
        switch (SyncCodec.decode(slow.raw())) {
          case FromControl.Purges more -> {
            purges.addAll(numbers(more));
            slow.say(new FromEdge.PurgeAck(purges.getLast()));
          }
          case FromControl.Update part -> {
            assertEquals(at, part.fromRevision());
            at = part.last() ? part.revision() : at;
          }
          default -> throw new AssertionError("neither a purge nor a change");
        }
      }
      assertEquals(through(200), purges);
    }
  }

  @Test
  void anEdgeThatMissedMoreThanTheLogHoldsGetsASnapshotInstead() throws Exception {
    Identity slowOne = control.enrolled("slow-1", "eu");
    try (TestEdge slow = control.slow(slowOne).hello("slow-1", 0, 0, "").take(2)) {
      slow.next(FromControl.Welcome.class);
      slow.next(FromControl.Update.class);
      for (int i = 0; i < 30; i++) {
        addLarge(i);
      }
      long head = control.numbers.head().revision();
      Awaitility.await().until(() -> control.sync.handed("slow-1") > TestControl.SLOW_WINDOW);
      control.postgres.execute("DELETE FROM change_log WHERE revision < %d".formatted(head));

      slow.take(Integer.MAX_VALUE);
      FromControl.Update part = slow.next(FromControl.Update.class);
      while (!part.isSnapshot()) {
        part = slow.next(FromControl.Update.class);
      }
      int sites = part.sites().size();
      while (!part.last()) {
        part = slow.next(FromControl.Update.class);
        sites += part.sites().size();
      }
      assertEquals(head, part.revision());
      assertEquals(30, sites);
    }
  }

  @Test
  void aPurgeOvertakesTheRestOfALargeSnapshot() throws Exception {
    Identity slowOne = control.enrolled("slow-1", "eu");
    for (int i = 0; i < 100; i++) {
      addLarge(i);
    }
    SiteConfig shop = added("shop.example");
    try (TestEdge slow = control.slow(slowOne).hello("slow-1", 0, 0, "").take(2)) {
      slow.next(FromControl.Welcome.class);
      ControlMessage part = slow.raw();
      purge(shop, 1);
      Awaitility.await().until(() -> control.reader.purges().newest() == 1);

      slow.take(Integer.MAX_VALUE);
      long waited = 0;
      List<Integer> parts = new ArrayList<>(List.of(0));
      while (!part.getUpdate().getLast()) {
        part = slow.raw();
        if (part.hasPurges()) {
          assertTrue(waited <= MOST_QUEUED, waited + " bytes came before it");
          assertEquals(1, part.getPurges().getPurges(0).getNumber());
          assertTrue(parts.size() < 25, "only the end of the snapshot was still to come");
          while (!part.getUpdate().getLast()) {
            part = slow.raw();
            assertEquals(parts.size(), part.getUpdate().getPart());
            parts.add(part.getUpdate().getPart());
          }
          return;
        }
        waited += part.getSerializedSize();
        parts.add(part.getUpdate().getPart());
      }
      throw new AssertionError("the purge came after all " + parts.size() + " parts");
    }
  }

  @Test
  void oneThatIsBehindTheWindowReadsTheDatabaseAndOneThatIsNotDoesNot() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    SiteConfig shop = added("shop.example");
    purge(shop, 40);
    Awaitility.await().until(() -> control.reader.purges().newest() == 40);
    assertTrue(control.reader.purges().bytes() <= WINDOW);
    String logId = control.numbers.head().logId();
    try (TestEdge edge = control.stream(Optional.of(fra)).hello("fra-1", 0, 0, logId)) {
      assertEquals(through(40), purgesTo(edge, 40));
      long reads = control.sync.log().counts().purgeReads();
      assertTrue(reads > 0, "the window holds only the newest nine");
      purge(shop, 1);
      assertEquals(List.of(41L), purgesTo(edge, 41));
      assertEquals(reads, control.sync.log().counts().purgeReads());
    }
  }

  @Test
  void purgesThatComeWhileAnEdgeHasNotAcknowledgedFourMessagesComeTogether() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    SiteConfig shop = added("shop.example");
    String logId = control.numbers.head().logId();
    try (TestEdge edge = control.stream(Optional.of(fra)).hello("fra-1", 0, 0, logId)) {
      edge.next(FromControl.Welcome.class);
      edge.next(FromControl.Update.class);
      for (long number = 1; number <= 4; number++) {
        purge(shop, 1);
        assertEquals(List.of(number), numbers(edge.next(FromControl.Purges.class)));
      }
      purge(shop, 8);
      Awaitility.await().until(() -> control.reader.purges().newest() == 12);
      edge.say(new FromEdge.PurgeAck(1));
      assertEquals(through(12).subList(4, 12), numbers(edge.next(FromControl.Purges.class)));
      purge(shop, 1);
      // One that acknowledges nothing at all is not left without purges for ever.
      assertEquals(List.of(13L), numbers(edge.next(FromControl.Purges.class)));
    }
  }

  @Test
  void streamsThatAreAtOneRevisionShareOneUpdate() throws Exception {
    List<TestEdge> edges = new ArrayList<>();
    try {
      for (int i = 0; i < 10; i++) {
        edges.add(control.connect(control.enrolled("fra-" + i, "eu")));
      }
      long head = control.numbers.head().revision();
      for (TestEdge edge : edges) {
        edge.next(FromControl.Welcome.class);
        while (edge.next(FromControl.Update.class).revision() < head) {
          // Nodes came one after the other.
        }
      }
      long made = control.sync.log().counts().updatesMade();
      SiteConfig shop = added("shop.example");
      for (TestEdge edge : edges) {
        assertEquals(List.of(shop), edge.next(FromControl.Update.class).sites());
      }
      assertEquals(made + 1, control.sync.log().counts().updatesMade());
    } finally {
      edges.forEach(TestEdge::close);
    }
  }
}
