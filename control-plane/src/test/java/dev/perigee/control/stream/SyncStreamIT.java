package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.Limits;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.TestPem;
import dev.perigee.control.stream.TestControl.Identity;
import dev.perigee.testkit.NothingLeaks;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The sync stream over mutual TLS, on real sockets and a real database. */
final class SyncStreamIT {
  @RegisterExtension final NothingLeaks nothingLeaks = NothingLeaks.watchingThreads("stream-.*");

  private TestControl control;

  @BeforeEach
  void start() throws IOException {
    control = new TestControl();
  }

  @AfterEach
  void stop() {
    control.close();
  }

  private String logId() {
    return control.numbers.head().logId();
  }

  private SiteConfig added(String host, String... regions) {
    return switch (control.sites.add(TestControl.site(host, regions))) {
      case Change.Committed<SiteConfig>(SiteConfig site, long revision) -> site;
      case Change.Invalid<SiteConfig> no -> throw new AssertionError(no);
      case Change.Conflict<SiteConfig> no -> throw new AssertionError(no);
      case Change.Limited<SiteConfig> no -> throw new AssertionError(no);
      case Change.Stale<SiteConfig> no -> throw new AssertionError(no);
      case Change.Unknown<SiteConfig> no -> throw new AssertionError(no);
    };
  }

  private static List<String> ids(FromControl.Update update) {
    return update.sites().stream().map(SiteConfig::id).sorted().toList();
  }

  @Test
  void purgesOfManyLongUrlsComeInMessagesOfAtMost256KiB() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    SiteConfig shop = added("shop.example");
    int count = 200;
    for (int i = 0; i < count; i++) {
      PurgeScope url = new PurgeScope.Url("shop.example", "/" + i + "x".repeat(7_000));
      control.purges.issue(Optional.of(shop.id()), url, false, Optional.empty());
    }

    try (TestEdge edge = control.stream(Optional.of(fra)).hello("fra-1", 0, 0, logId())) {
      edge.next(FromControl.Welcome.class);
      List<Long> numbers = new ArrayList<>();
      while (numbers.size() < count) {
        ControlMessage message = edge.raw();
        assertTrue(
            message.getSerializedSize() <= Limits.MESSAGE_BYTES,
            "a message of " + message.getSerializedSize() + " bytes");
        if (SyncCodec.decode(message) instanceof FromControl.Purges purges) {
          purges.purges().stream().map(Purge::number).forEach(numbers::add);
        }
      }
      for (int i = 0; i < count; i++) {
        assertEquals(i + 1, numbers.get(i));
      }
    }
  }

  @Test
  void aSnapshotOfManySitesComesWholeInMessagesOfAtMost256KiB() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    int count = 30;
    String tail = ("." + "x".repeat(60)).repeat(3) + ".example";
    for (int i = 0; i < count; i++) {
      List<String> hosts = new ArrayList<>();
      for (int h = 0; h < Limits.SITE_HOSTS; h++) {
        hosts.add("h" + h + "-of-" + i + tail);
      }
      SiteConfig one = TestControl.site("unused.example");
      control.sites.add(
          new SiteConfig("site-" + i, hosts, one.origins(), one.regions(), false, false));
    }
    try (TestEdge edge = control.connect(fra)) {
      edge.next(FromControl.Welcome.class);
      List<FromControl.Update> parts = new ArrayList<>();
      do {
        ControlMessage message = edge.raw();
        assertTrue(message.getSerializedSize() <= Limits.MESSAGE_BYTES);
        if (SyncCodec.decode(message) instanceof FromControl.Update part) {
          assertEquals(parts.size(), part.part());
          parts.add(part);
        }
      } while (!parts.getLast().last());
      assertTrue(parts.size() > 1, "one part would hold everything");
      assertEquals(1, parts.stream().map(FromControl.Update::nonce).distinct().count());
      assertEquals(count, parts.stream().mapToInt(part -> part.sites().size()).sum());
    }
  }

  @Test
  void aDatabaseThatIsGoneEndsTheStreamAndRefusesTheNextUntilItIsBack() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    try (TestEdge edge = control.connect(fra)) {
      edge.next(FromControl.Welcome.class);
      edge.next(FromControl.Update.class);
      control.postgres.close();
      assertEquals(Status.Code.UNAVAILABLE, edge.ended().getCode());
    }
    try (TestEdge edge = control.connect(fra)) {
      assertEquals(Status.Code.UNAVAILABLE, edge.ended().getCode());
    }
  }

  @Test
  void aNodeThatMovedWhileItWasAwayForgetsTheSitesOfItsOldRegion() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    SiteConfig everywhere = added("all.example");
    added("eu.example", "eu");
    SiteConfig american = added("us.example", "us");
    long revision;
    try (TestEdge edge = control.connect(fra)) {
      edge.next(FromControl.Welcome.class);
      FromControl.Update first = edge.next(FromControl.Update.class);
      assertEquals(2, first.sites().size());
      edge.ack(first);
      revision = first.revision();
    }

    control.nodes.replace(TestControl.node("fra-1", "us"));
    SiteConfig later = added("later.example");

    try (TestEdge edge = control.stream(Optional.of(fra)).hello("fra-1", revision, 0, logId())) {
      edge.next(FromControl.Welcome.class);
      FromControl.Update again = edge.next(FromControl.Update.class);
      assertTrue(again.isSnapshot(), "a delta cannot take the old region's sites away");
      assertEquals(
          List.of(everywhere.id(), later.id(), american.id()).stream().sorted().toList(),
          ids(again));
    }
  }

  @Test
  void aNodeThatMovesWhileConnectedGetsASnapshotOfItsNewRegion() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    added("eu.example", "eu");
    try (TestEdge edge = control.connect(fra)) {
      edge.next(FromControl.Welcome.class);
      FromControl.Update first = edge.next(FromControl.Update.class);
      edge.ack(first);

      control.nodes.replace(TestControl.node("fra-1", "us"));

      FromControl.Update moved = edge.next(FromControl.Update.class);
      assertTrue(moved.isSnapshot());
      assertEquals(List.of(), moved.sites());
      assertTrue(moved.revision() > first.revision(), "a new state has a new number");
    }
  }

  @Test
  void aNodeThatDidNotMoveGetsADelta() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    added("first.example");
    long revision;
    try (TestEdge edge = control.connect(fra)) {
      edge.next(FromControl.Welcome.class);
      FromControl.Update first = edge.next(FromControl.Update.class);
      edge.ack(first);
      revision = first.revision();
    }
    SiteConfig second = added("second.example");
    try (TestEdge edge = control.stream(Optional.of(fra)).hello("fra-1", revision, 0, logId())) {
      edge.next(FromControl.Welcome.class);
      FromControl.Update delta = edge.next(FromControl.Update.class);
      assertEquals(revision, delta.fromRevision());
      assertFalse(delta.isSnapshot());
      assertEquals(List.of(second.id()), ids(delta));
    }
  }

  @Test
  void theWayOfAChangeIsHelloSnapshotAckPurgeAckDelta() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    SiteConfig shop = added("shop.example");
    try (TestEdge edge = control.connect(fra)) {
      FromControl.Welcome welcome = edge.next(FromControl.Welcome.class);
      assertEquals(logId(), welcome.logId());
      FromControl.Update snapshot = edge.next(FromControl.Update.class);
      assertTrue(snapshot.isSnapshot() && snapshot.last());
      assertEquals("cdn.example", snapshot.zone());
      assertEquals(List.of(shop.id()), ids(snapshot));
      edge.ack(snapshot);
      await(() -> control.fleet.state("fra-1").revision() == snapshot.revision());

      control.purges.issue(
          Optional.of(shop.id()), new PurgeScope.Tag("spring"), true, Optional.empty());
      FromControl.Purges purges = edge.next(FromControl.Purges.class);
      assertEquals(
          List.of(new Purge(1, Optional.of(shop.id()), new PurgeScope.Tag("spring"), true)),
          purges.purges());
      assertFalse(control.receipts.receipt(1).isComplete());
      edge.say(new FromEdge.PurgeAck(1));
      await(() -> control.receipts.receipt(1).isComplete());

      control.sites.remove(shop.id());
      FromControl.Update delta = edge.next(FromControl.Update.class);
      assertEquals(snapshot.revision(), delta.fromRevision());
      assertEquals(List.of(shop.id()), delta.removedSites());
    }
    await(() -> !control.fleet.state("fra-1").connected());
  }

  private static void await(java.util.concurrent.Callable<Boolean> condition) {
    org.awaitility.Awaitility.await().until(condition);
  }

  @Test
  void aSnapshotThatIsRefusedAgainAndAgainComesMoreAndMoreRarely() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    SiteConfig shop = added("shop.example");
    try (TestEdge edge = control.connect(fra)) {
      edge.next(FromControl.Welcome.class);
      nack(edge, edge.next(FromControl.Update.class));
      // The first time it may have been the delta's fault.
      nack(edge, edge.next(FromControl.Update.class));
      assertEquals(Optional.empty(), edge.within(2_500), "the clock stands still");

      control.purges.issue(
          Optional.of(shop.id()), new PurgeScope.Tag("a"), false, Optional.empty());
      edge.next(FromControl.Purges.class);
      control.clock.advance(Duration.ofSeconds(1));
      FromControl.Update third = edge.next(FromControl.Update.class);
      assertTrue(third.isSnapshot());
      edge.ack(third);

      added("later.example");
      assertFalse(edge.next(FromControl.Update.class).isSnapshot());
    }
  }

  private static void nack(TestEdge edge, FromControl.Update update) {
    edge.say(new FromEdge.Nack(update.nonce(), update.revision(), List.of("unreadable")));
  }

  @Test
  void aPurgeThatCannotBeReadEndsTheCallAndLeavesNoneOpen() throws Exception {
    nothingLeaks.expectError("stream of fra-1 failed");
    Identity fra = control.enrolled("fra-1", "eu");
    try (TestEdge edge = control.stream(Optional.of(fra)).hello("fra-1", 0, 0, logId())) {
      edge.next(FromControl.Welcome.class);
      edge.next(FromControl.Update.class);
      control.postgres.execute("INSERT INTO purge (number, message) VALUES (1, 'no protobuf')");
      control.postgres.execute("UPDATE log_head SET purge = 1");
      assertEquals(Status.Code.INTERNAL, edge.ended().getCode());
    }
    await(() -> !control.fleet.state("fra-1").connected());
  }

  @Test
  void aRenewedCertificateReplacesTheOldOneOnlyWhenItIsUsed() throws Exception {
    Identity first = control.enrolled("fra-1", "eu");
    Identity lost = control.renew(first);
    try (TestEdge edge = control.connect(first)) {
      edge.next(FromControl.Welcome.class);
    }
    Identity second = control.renew(first);
    try (TestEdge edge = control.connect(lost)) {
      assertEquals(Status.Code.PERMISSION_DENIED, edge.ended().getCode());
    }
    try (TestEdge edge = control.connect(second)) {
      edge.next(FromControl.Welcome.class);
    }
    try (TestEdge edge = control.connect(first)) {
      assertEquals(Status.Code.PERMISSION_DENIED, edge.ended().getCode());
    }
  }

  @Test
  void aNewEnrolmentEndsTheStreamOfTheOldCertificate() throws Exception {
    Identity first = control.enrolled("fra-1", "eu");
    try (TestEdge edge = control.connect(first)) {
      edge.next(FromControl.Welcome.class);
      control.enrol(control.enrolments.issue("fra-1"));
      assertEquals(Status.Code.UNAVAILABLE, edge.ended().getCode());
    }
  }

  @Test
  void aStreamWithoutACertificateIsRefused() throws Exception {
    control.enrolled("fra-1", "eu");
    try (TestEdge edge = control.stream(Optional.empty()).hello("fra-1", 0, 0, "")) {
      assertEquals(Status.Code.PERMISSION_DENIED, edge.ended().getCode());
    }
  }

  @Test
  void aNodeCannotSpeakForAnother() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    control.enrolled("iad-1", "us");
    try (TestEdge edge = control.stream(Optional.of(fra)).hello("iad-1", 0, 0, "")) {
      assertEquals(Status.Code.PERMISSION_DENIED, edge.ended().getCode());
    }
  }

  @Test
  void aPrivateKeyGoesToNodesInTheRegionsOfItsSiteAloneAndLeavesThemWithTheSite() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    Identity iad = control.enrolled("iad-1", "us");
    SiteConfig site = added("eu.example", "eu");
    added("all.example");
    TestPem pem = TestPem.ec("eu.example");
    TestControl.committed(control.certificates.add(pem.certificate(), pem.key()));
    String id = control.certificates.allWithKeys().getFirst().certificate().id();
    try (TestEdge in = control.connect(fra);
        TestEdge out = control.connect(iad)) {
      in.next(FromControl.Welcome.class);
      out.next(FromControl.Welcome.class);
      assertEquals(List.of(id), certificates(in));
      assertEquals(List.of(), certificates(out));
      // The site's regions change: to the other one, and then to none of the two.
      TestControl.committed(control.sites.replace(moved(site, "us")));
      FromControl.Update left = in.next(FromControl.Update.class);
      assertEquals(List.of(), left.certificates());
      assertEquals(List.of(id), left.removedCertificates());
      assertEquals(List.of(id), certificates(out));
      TestControl.committed(control.sites.replace(moved(site, "ap")));
      assertEquals(List.of(id), out.next(FromControl.Update.class).removedCertificates());
      assertEquals(List.of(), certificates(in));
      // A new key of the same site goes to neither.
      TestPem fresh = TestPem.ec("eu.example");
      TestControl.committed(control.certificates.add(fresh.certificate(), fresh.key()));
      assertEquals(List.of(), certificates(in));
      assertEquals(List.of(), certificates(out));
    }
  }

  private static List<String> certificates(TestEdge edge) throws Exception {
    return edge.next(FromControl.Update.class).certificates().stream()
        .map(CertificateConfig::id)
        .toList();
  }

  private static SiteConfig moved(SiteConfig site, String region) {
    return new SiteConfig(
        site.id(),
        site.hosts(),
        site.origins(),
        Set.of(region),
        site.schemeInKey(),
        site.portInKey());
  }

  @Test
  void aRemovedNodesStreamEndsAndItsCertificateIsRefused() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    try (TestEdge edge = control.connect(fra)) {
      edge.next(FromControl.Welcome.class);
      control.nodes.remove("fra-1");
      assertEquals(Status.Code.UNAVAILABLE, edge.ended().getCode());
    }
    try (TestEdge edge = control.connect(fra)) {
      assertEquals(Status.Code.PERMISSION_DENIED, edge.ended().getCode());
    }
  }

  @Test
  void aStreamThatDoesNotBeginWithHelloIsRefused() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    try (TestEdge edge = control.stream(Optional.of(fra))) {
      edge.say(new FromEdge.PurgeAck(7));
      assertEquals(Status.Code.FAILED_PRECONDITION, edge.ended().getCode());
    }
  }
}
