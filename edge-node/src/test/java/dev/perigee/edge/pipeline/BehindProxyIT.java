package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.AddressRange;
import dev.perigee.edge.listener.ClientPolicy;
import dev.perigee.edge.listener.ClientPolicy.ProxyField;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import dev.perigee.testkit.ScriptedOrigin.Seen;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A node behind a proxy that it trusts: the client is who the proxy says, and nobody else. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class BehindProxyIT {
  @TempDir Path directory;
  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    ClientPolicy trusting =
        new ClientPolicy(List.of(AddressRange.of("127.0.0.0/8")), ProxyField.X_FORWARDED_FOR);
    edge = new EdgeUnderTest(directory, trusting, origin.port());
    origin.on("/a", call -> call.ok("a"));
  }

  @AfterEach
  void stop() throws Exception {
    edge.close();
    origin.close();
  }

  private Seen seen(String... fields) throws Exception {
    RawClient.get(edge.port(), "/a", fields);
    Awaitility.await().until(() -> edge.ended().size() == 1);
    return origin.requests().getFirst();
  }

  @Test
  void theClientTheSchemeAndTheIdAreWhatTheProxySays() throws Exception {
    Seen seen =
        seen(
            "X-Forwarded-For: 6.6.6.6, 192.0.2.7",
            "X-Forwarded-Proto: https",
            "Forwarded: for=6.6.6.6",
            "X-Request-Id: front-1");
    assertEquals("192.0.2.7", edge.ended().getFirst().client());
    assertEquals("https", edge.ended().getFirst().scheme());
    assertEquals("front-1", edge.ended().getFirst().id().text());
    assertEquals(List.of("192.0.2.7, 127.0.0.1"), seen.all("X-Forwarded-For"));
    assertEquals(List.of("https"), seen.all("X-Forwarded-Proto"));
    assertEquals(
        List.of("for=192.0.2.7;host=" + EdgeUnderTest.HOST + ";proto=https, for=127.0.0.1"),
        seen.all("Forwarded"));
    assertEquals(List.of("front-1"), seen.all("X-Request-Id"));
  }

  @Test
  void whatIsMalformedIsAbsentAndGoesNoFurther() throws Exception {
    Seen seen =
        seen(
            "X-Forwarded-For: 6.6.6.6, not an address",
            "X-Request-Id: a b",
            "X-Forwarded-Proto: x");
    assertEquals("127.0.0.1", edge.ended().getFirst().client());
    assertEquals(List.of("127.0.0.1"), seen.all("X-Forwarded-For"));
    assertEquals(List.of("http"), seen.all("X-Forwarded-Proto"));
    assertTrue(seen.first("X-Request-Id").orElse("").matches("[0-9a-f]{32}"));
  }
}
