package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.store.EnrolmentStore.Renewal;
import dev.perigee.control.store.PostgresNodeStore.Placement;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nodes, where they are and what they may come with, over a real PostgreSQL. */
final class PostgresNodeStoreIT {
  private TestPostgres postgres;
  private LogNumbers numbers;
  private PostgresNodeStore nodes;
  private EnrolmentStore enrolments;

  @BeforeEach
  void start() {
    postgres = TestPostgres.fresh();
    numbers = new LogNumbers(postgres.database());
    nodes = new PostgresNodeStore(postgres.database(), numbers);
    enrolments = new EnrolmentStore(postgres.database());
  }

  @AfterEach
  void stop() {
    postgres.close();
  }

  static Node node(String name, String region) {
    return new Node(
        name,
        region,
        -33.9,
        151.2,
        List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("2001:db8::1")),
        80,
        443,
        false,
        false);
  }

  private void enrolled(String name, String serial) {
    Instant now = Instant.now();
    assertTrue(enrolments.keepToken(name, "hash-" + serial, now, now.plusSeconds(60)));
    assertTrue(enrolments.enrol(name, "hash-" + serial, now, serial));
  }

  @Test
  void aNodeIsReadAsItWasWritten() {
    Node syd = node("syd-1", "ap");
    assertEquals(syd, PostgresStoresIT.committed(nodes.add(syd)));
    assertEquals(Optional.of(syd), nodes.byName("syd-1"));
    assertInstanceOf(Change.Conflict.class, nodes.add(syd));
    assertInstanceOf(Change.Unknown.class, nodes.replace(node("nobody", "ap")));
    assertInstanceOf(Change.Unknown.class, nodes.setDraining("nobody", true));
    assertInstanceOf(Change.Unknown.class, nodes.remove("nobody"));
    assertTrue(PostgresStoresIT.committed(nodes.setDraining("syd-1", true)).draining());
    assertTrue(PostgresStoresIT.committed(nodes.replace(syd)).draining(), "replacing keeps it");
    nodes.remove("syd-1");
    assertEquals(List.of(), nodes.all());
  }

  @Test
  void whatOtherNodesSeeTakesARevisionAndSoDoesDraining() {
    nodes.add(node("syd-1", "ap"));
    assertEquals(Optional.of(new Placement("ap", 1, Set.of())), nodes.placement("syd-1"));
    nodes.replace(node("syd-1", "ap"));
    assertEquals(1, numbers.head().revision());
    nodes.setDraining("syd-1", true);
    assertEquals(2, numbers.head().revision(), "steering follows the log");
    nodes.setDraining("syd-1", true);
    assertEquals(2, numbers.head().revision(), "nothing changed");
    nodes.setDraining("syd-1", false);
    nodes.replace(node("syd-1", "eu"));
    assertEquals(Optional.of(new Placement("eu", 4, Set.of())), nodes.placement("syd-1"));
  }

  @Test
  void aShieldCanBeAsked() {
    Node deaf = node("syd-1", "ap");
    nodes.add(deaf);
    assertInstanceOf(Change.Invalid.class, nodes.setShield("syd-1", true));
    assertInstanceOf(Change.Unknown.class, nodes.setShield("nobody", true));
    Node heard =
        new Node("syd-1", "ap", 1, 2, deaf.addresses(), 80, 443, false, false, false, 8444);
    nodes.replace(heard);
    assertEquals(2, numbers.head().revision());
    assertTrue(PostgresStoresIT.committed(nodes.setShield("syd-1", true)).shield());
    assertEquals(3, numbers.head().revision());
    nodes.setShield("syd-1", true);
    assertEquals(3, numbers.head().revision(), "nothing changed");
    nodes.setDraining("syd-1", true);
    assertEquals(4, numbers.head().revision());
    assertEquals(0, nodes.byName("syd-1").orElseThrow().peer().peerPort());
    assertInstanceOf(Change.Invalid.class, nodes.replace(withoutPort(heard)));
  }

  private static Node withoutPort(Node shield) {
    return new Node(shield.name(), "ap", 1, 2, shield.addresses(), 80, 443, false, false, true, 0);
  }

  @Test
  void aNodeWhoseNameIsUsedAgainIsAnotherNode() {
    nodes.add(node("syd-1", "ap"));
    enrolled("syd-1", "a1");
    nodes.remove("syd-1");
    nodes.add(node("syd-1", "eu"));
    assertEquals(Optional.of(new Placement("eu", 3, Set.of())), nodes.placement("syd-1"));
    assertFalse(nodes.admits("syd-1", "a1", Instant.EPOCH));
  }

  @Test
  void aRenewedCertificateIsTheOnlyOneFromItsFirstUse() {
    nodes.add(node("syd-1", "ap"));
    assertFalse(nodes.admits("syd-1", "a1", Instant.EPOCH));
    enrolled("syd-1", "a1");
    assertTrue(nodes.admits("syd-1", "a1", Instant.EPOCH));
    assertEquals(Renewal.NOTED, enrolments.renew("syd-1", "a1", "b2"));
    assertTrue(nodes.admits("syd-1", "a1", Instant.EPOCH));
    assertEquals(Set.of("a1", "b2"), nodes.placement("syd-1").orElseThrow().serials());
    assertTrue(nodes.admits("syd-1", "b2", Instant.EPOCH));
    assertFalse(nodes.admits("syd-1", "a1", Instant.EPOCH));
    assertEquals(Renewal.NOT_CURRENT, enrolments.renew("syd-1", "a1", "c3"));
    assertEquals(Renewal.NOTED, enrolments.renew("syd-1", "b2", "c3"));
    enrolled("syd-1", "d4");
    assertEquals(Set.of("d4"), nodes.placement("syd-1").orElseThrow().serials());
  }
}
