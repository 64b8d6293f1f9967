package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.TicketKey;
import dev.perigee.control.pki.TicketKeys;
import dev.perigee.control.store.KeyRing;
import dev.perigee.control.store.TicketKeyStore;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Keys of session tickets on their way to nodes. */
class TicketKeysIT {
  private final TestControl control;

  private final TicketKeyStore store;

  TicketKeysIT() throws Exception {
    control = new TestControl();
    store = new TicketKeyStore(control.postgres.database(), KeyRing.none());
  }

  @AfterEach
  void close() {
    control.close();
  }

  private TicketKeys keys() {
    return new TicketKeys(store, control.clock, new SecureRandom(), control.numbers::stir);
  }

  private TestEdge node(String name, Set<String> features) throws Exception {
    TestControl.Identity identity = control.enrolled(name, "eu");
    TestEdge edge = control.stream(Optional.of(identity));
    edge.say(new FromEdge.Hello(name, "test", 0, 0, "", features, List.of()));
    return edge;
  }

  private static List<TicketKey> next(TestEdge edge) throws Exception {
    while (true) {
      if (edge.next(FromControl.class) instanceof FromControl.TicketKeys came) {
        return came.keys();
      }
    }
  }

  @Test
  void allNodesGetTheSameKeysAndTheNextOnesWithoutAReconnect() throws Exception {
    TicketKeys keys = keys();
    keys.look();
    control.ticketKeys.set(keys.keys());
    TestEdge one = node("fra-1", Set.of(FromEdge.Hello.TICKETS));
    TestEdge two = node("fra-2", Set.of(FromEdge.Hello.TICKETS));
    List<TicketKey> first = next(one);
    assertEquals(first, next(two));
    assertEquals(2, first.size());
    control.clock.advance(Duration.ofHours(12));
    keys.look();
    control.ticketKeys.set(keys.keys());
    control.numbers.stir();
    List<TicketKey> second = next(one);
    assertEquals(second, next(two));
    assertTrue(second.containsAll(first), "the one before is still read with");
    assertNotEquals(first, second);
  }

  @Test
  void controlPlanesOnOneDatabaseMakeTheSameKeys() {
    TicketKeys one = keys();
    TicketKeys two = keys();
    one.look();
    two.look();
    assertEquals(one.keys(), two.keys());
    control.clock.advance(Duration.ofHours(12));
    two.look();
    one.look();
    assertEquals(one.keys(), two.keys());
    assertEquals(3, one.keys().size());
    control.clock.advance(Duration.ofDays(3));
    one.look();
    assertEquals(2, one.keys().size(), "what expired is gone from the database");
    assertEquals(one.keys(), store.all());
  }

  @Test
  void aNodeOfAnEarlierBuildIsSentNone() throws Exception {
    TicketKeys keys = keys();
    keys.look();
    control.ticketKeys.set(keys.keys());
    control.replicas.set(List.of("127.0.0.1:1"));
    TestEdge edge = node("fra-1", Set.of(FromEdge.Hello.REPLICAS));
    edge.next(FromControl.Welcome.class);
    edge.next(FromControl.Replicas.class);
    edge.next(FromControl.Update.class); // what it is sent after keys, where it takes them
  }
}
