package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.AcmeToken;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tokens of certificate authorities on their way to nodes, and what nodes say of them. */
class AcmeTokensIT {
  private static final AcmeToken ONE = new AcmeToken("shop.example", "one", "one.print");
  private final TestControl control;

  AcmeTokensIT() throws Exception {
    control = new TestControl();
  }

  @AfterEach
  void close() {
    control.close();
  }

  private TestEdge node(TestControl.Identity identity, String feature) throws Exception {
    TestEdge edge = control.stream(Optional.of(identity));
    edge.say(new FromEdge.Hello("fra-1", "test", 0, 0, "", Set.of(feature), List.of()));
    return edge;
  }

  private static FromControl.AcmeTokens next(TestEdge edge) throws Exception {
    while (true) {
      if (edge.next(FromControl.class) instanceof FromControl.AcmeTokens came) {
        return came;
      }
    }
  }

  private void awaitHeld(long through) {
    Awaitility.await("the node holds them")
        .atMost(Duration.ofSeconds(30))
        .until(() -> control.fleet.tokens().of("fra-1") == through);
  }

  @Test
  void aNodeIsSentAllTokensAndWhatItSaysOfThemCountsUntilItsStreamEnds() throws Exception {
    TestControl.Identity identity = control.enrolled("fra-1", "eu");
    TestEdge edge = node(identity, FromEdge.Hello.ACME);
    assertEquals(List.of(), next(edge).tokens(), "whatever it answered before, it forgets");
    FromControl.AcmeTokens tokens = new FromControl.AcmeTokens(List.of(ONE), 7);
    control.acmeTokens.set(tokens);
    control.numbers.stir();
    assertEquals(tokens, next(edge));
    assertEquals(0, control.fleet.tokens().of("fra-1"), "sent is not held");
    edge.say(new FromEdge.TokensHeld(7));
    awaitHeld(7);
    TestEdge again = node(identity, FromEdge.Hello.ACME);
    assertEquals(tokens, next(again));
    awaitHeld(0);
  }

  @Test
  void aNodeOfAnEarlierBuildIsSentNoneAndHoldsNone() throws Exception {
    control.acmeTokens.set(new FromControl.AcmeTokens(List.of(ONE), 7));
    control.replicas.set(List.of("127.0.0.1:1"));
    TestEdge edge = node(control.enrolled("fra-1", "eu"), FromEdge.Hello.REPLICAS);
    edge.next(FromControl.Welcome.class);
    edge.next(FromControl.Replicas.class);
    edge.next(FromControl.Update.class); // what it is sent after tokens, where it takes them
    edge.say(new FromEdge.Ack("", 1, List.of()));
    assertEquals(0, control.fleet.tokens().of("fra-1"));
  }
}
