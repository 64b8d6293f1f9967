package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.RateRule;
import dev.perigee.contract.RateRule.Action;
import dev.perigee.contract.RateRule.By;
import dev.perigee.contract.WarmUrl;
import dev.perigee.edge.limit.Rules;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.edge.telemetry.RequestRecord;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Rate limits as readers and the origin see them. */
@ExtendWith(NothingLeaks.class)
final class RateLimitIT {
  @TempDir Path directory;
  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    edge = new EdgeUnderTest(directory, origin.port());
    origin.on("/kept", call -> call.ok("kept", "Cache-Control: max-age=600"));
    origin.on("/fresh", call -> call.ok("fresh", "Cache-Control: no-store"));
  }

  @AfterEach
  void stop() throws Exception {
    edge.close();
    origin.close();
  }

  private Response get(String target, String... fields) throws Exception {
    Awaitility.await().until(() -> edge.openFetches() == 0);
    return RawClient.get(edge.port(), target, fields);
  }

  private static Optional<String> field(Response response, String name) {
    return response.first(name);
  }

  private static RateRule shown(RateRule rule, Action action) {
    return Rules.with(rule, List.of(), List.of(), action, true);
  }

  @Test
  void hitsCountAndOneTooManyIsToldWhenToComeAgain() throws Exception {
    edge.limit(Rules.bucket("site", 3, 3600, By.ADDRESS));
    for (int i = 0; i < 3; i++) {
      Response let = get("/kept");
      assertEquals(200, let.status());
      assertTrue(field(let, "ratelimit").isEmpty(), "nothing is shown unless the site wants it");
    }
    Response refused = get("/kept");
    assertEquals(429, refused.status());
    assertEquals(Optional.of("1200"), field(refused, "retry-after"));
    assertEquals(Optional.of("\"site\";q=3;w=3600"), field(refused, "ratelimit-policy"));
    assertEquals(Optional.of("\"site\";r=0;t=1200"), field(refused, "ratelimit"));
    assertEquals(Optional.of("no-store"), field(refused, "cache-control"));
    assertTrue(refused.cacheStatus().contains("rate-limit"), refused.cacheStatus());
    edge.later(Duration.ofSeconds(1201));
    assertEquals(200, get("/fresh").status());
    RequestRecord record = edge.ended().get(3);
    assertEquals("site", record.limit());
    assertEquals(RequestRecord.Outcome.DENIED, record.outcome());
  }

  @Test
  void whereTheSiteWantsItEveryAnswerSaysWhatIsLeft() throws Exception {
    edge.limit(shown(Rules.bucket("site", 3, 3600, By.ALL), Action.BLOCK));
    assertEquals(Optional.of("\"site\";r=2;t=1200"), field(get("/kept"), "ratelimit"));
    assertEquals(Optional.of("\"site\";r=1;t=2400"), field(get("/kept"), "ratelimit"));
    Response unchanged = get("/fresh");
    assertEquals(Optional.of("\"site\";r=0;t=3600"), field(unchanged, "ratelimit"));
    assertEquals(Optional.of("\"site\";q=3;w=3600"), field(unchanged, "ratelimit-policy"));
  }

  @Test
  void whereOnlyMissesCountHitsAreFree() throws Exception {
    edge.limit(Rules.missesOnly(Rules.bucket("origin", 2, 3600, By.ADDRESS)));
    for (int i = 0; i < 5; i++) {
      assertEquals(200, get("/kept").status());
    }
    assertEquals(200, get("/fresh").status());
    assertEquals(429, get("/fresh").status());
    assertEquals(200, get("/kept").status(), "what is stored is still served");
  }

  @Test
  void whatOnlyLogsRefusesNobody() throws Exception {
    edge.limit(shown(Rules.bucket("watch", 1, 3600, By.ALL), Action.LOG));
    assertEquals(200, get("/kept").status());
    Response over = get("/kept");
    assertEquals(200, over.status());
    assertTrue(field(over, "ratelimit").isEmpty(), "readers are told of limits that hold");
    Awaitility.await().until(() -> edge.ended().size() == 2);
    assertEquals(List.of("", "watch"), edge.ended().stream().map(RequestRecord::limit).toList());
  }

  @Test
  void warmUpsAreNotLimited() throws Exception {
    edge.limit(Rules.bucket("none", 1, 3600, By.ALL));
    assertEquals(200, get("/kept").status());
    assertEquals(429, get("/kept").status());
    Warming warming = edge.warming();
    warming.start();
    WarmUrl url = new WarmUrl("http", EdgeUnderTest.HOST, "/warm");
    origin.on("/warm", call -> call.ok("warm", "Cache-Control: max-age=600"));
    BlockingQueue<FromEdge.Warmed> told = new LinkedBlockingQueue<>();
    warming.warm(new FromControl.WarmUp("job", "shop", 0, List.of(url), Map.of(), 100), told::add);
    assertEquals(
        new FromEdge.Warmed("job", 1, 0, 1, 0, 0, List.of()), told.poll(20, TimeUnit.SECONDS));
  }
}
