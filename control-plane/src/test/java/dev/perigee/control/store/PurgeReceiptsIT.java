package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.PurgeScope;
import dev.perigee.control.MovableClock;
import dev.perigee.control.store.PurgeReceipts.Receipt;
import dev.perigee.control.store.PurgeReceipts.Timing;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two control planes on one database, each with nodes of its own, give the same receipts. */
final class PurgeReceiptsIT {
  private final TestPostgres postgres = TestPostgres.fresh();
  private final MovableClock clock = new MovableClock(Instant.now());
  private final LogNumbers numbers = new LogNumbers(postgres.database());
  private final PostgresNodeStore nodes = new PostgresNodeStore(postgres.database(), numbers);
  private final PostgresPurgeStore purges =
      new PostgresPurgeStore(postgres.database(), numbers, PurgeLimits.DEFAULT);
  private final PurgeAcks here = new PurgeAcks(postgres.database(), clock);
  private final PurgeAcks there = new PurgeAcks(postgres.database(), InstantSource.system());
  private final PurgeReceipts receipts =
      new PurgeReceipts(postgres.database(), here, InstantSource.system());
  private String site = "";

  @BeforeEach
  void start() {
    PostgresSiteStore sites =
        new PostgresSiteStore(
            postgres.database(),
            numbers,
            "cdn.example",
            OriginAddressPolicy.PUBLIC,
            new SiteHistory(postgres.database(), SiteHistory.USUAL_KEPT));
    site =
        PostgresStoresIT.committed(sites.add(PostgresStoresIT.site("shop", "shop.example"))).id();
    here.start();
    there.start();
  }

  @AfterEach
  void stop() {
    here.close();
    there.close();
    postgres.close();
  }

  private void node(String name) {
    List<InetAddress> addresses = List.of(InetAddress.ofLiteral("127.0.0.1"));
    nodes.add(new Node(name, "eu", 0, 0, addresses, 80, 443, false, false));
  }

  private long purge() {
    return PostgresStoresIT.committed(
            purges.issue(Optional.of(site), new PurgeScope.Tag("a"), false, Optional.empty()))
        .purge()
        .number();
  }

  private Receipt awaitApplied(long number, int count) {
    return Awaitility.await()
        .atMost(20, TimeUnit.SECONDS)
        .until(() -> receipts.receipt(number), r -> r.applied().size() == count);
  }

  @Test
  void whatNodesOfAnotherControlPlaneAppliedIsInTheReceiptAndItsTimesAre() throws Exception {
    node("fra-1");
    node("iad-1");
    node("sin-1");
    here.joined("fra-1", 0, 0);
    there.joined("iad-1", 0, 0);
    long first = purge();
    long second = purge();
    assertEquals(
        new Receipt(first, List.of(), List.of("fra-1", "iad-1", "sin-1"), Optional.empty()),
        receipts.receipt(first));
    here.acknowledged("fra-1", second);
    there.acknowledged("iad-1", first);
    Receipt one = awaitApplied(first, 2);
    Timing timing = one.timing().orElseThrow();
    assertEquals(List.of("sin-1"), one.late());
    assertEquals(2, timing.acknowledgements());
    assertTrue(timing.p50Millis() <= timing.p99Millis(), timing.toString());
    assertTrue(timing.p99Millis() <= timing.maxMillis(), timing.toString());
    Receipt two = receipts.receipt(second);
    assertEquals(List.of("fra-1"), two.applied());
    assertEquals(1, two.timing().orElseThrow().acknowledgements());
    assertEquals(List.of(two, one), receipts.receipts(List.of(second, first)));

    there.joined("sin-1", 0, 0);
    there.acknowledged("iad-1", second);
    there.acknowledged("sin-1", second);
    assertTrue(receipts.await(second, Duration.ofSeconds(20)).isComplete());
    node("new-1");
    assertEquals(List.of("new-1"), receipts.receipt(second).late(), "one that is new has not it");
  }

  @Test
  void aWrongClockOfTheMachineDoesNotCount() {
    node("fra-1");
    here.joined("fra-1", 0, 0);
    clock.advance(Duration.ofDays(1));
    long number = purge();
    here.acknowledged("fra-1", number);
    Receipt receipt = awaitApplied(number, 1);
    long slowest = receipt.timing().orElseThrow().maxMillis();
    assertTrue(slowest < Duration.ofHours(1).toMillis(), slowest + " ms");
  }

  @Test
  void aNodeThatComesBackIsKnownByItsJournalThoughNobodyHeardItsAcknowledgement() {
    node("fra-1");
    long number = purge();
    here.joined("fra-1", number, number);
    Receipt receipt = awaitApplied(number, 1);
    assertEquals(Optional.empty(), receipt.timing(), "how long it took is not known");
  }

  @Test
  void aNodeOfTheSameNameThatIsNewHasAppliedNothing() {
    node("fra-1");
    long number = purge();
    here.joined("fra-1", number, number);
    awaitApplied(number, 1);
    nodes.remove("fra-1");
    node("fra-1");
    assertEquals(List.of("fra-1"), receipts.receipt(number).late());
    here.joined("fra-1", number, number);
    awaitApplied(number, 1);
  }

  @Test
  void aNodeThatClaimsMoreThanThereIsHasWhatThereIs() {
    node("fra-1");
    long number = purge();
    here.joined("fra-1", 0, 0);
    here.acknowledged("fra-1", Long.MAX_VALUE);
    awaitApplied(number, 1);
    assertEquals(List.of("fra-1"), receipts.receipt(purge()).late());
  }

  @Test
  void acknowledgementsWaitForADatabaseThatDoesNotTakeThem() throws Exception {
    node("fra-1");
    long number = purge();
    postgres.execute("ALTER TABLE node_purge RENAME TO node_purge_away");
    here.joined("fra-1", 0, 0);
    here.acknowledged("fra-1", number);
    there.joined("iad-1", 0, 0);
    postgres.execute("ALTER TABLE node_purge_away RENAME TO node_purge");
    awaitApplied(number, 1);
  }
}
