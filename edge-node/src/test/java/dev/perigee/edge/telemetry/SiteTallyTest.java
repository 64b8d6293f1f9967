package dev.perigee.edge.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.SiteTraffic;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.RequestId;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What readers were answered is reported once, site by site. */
final class SiteTallyTest {
  private final SiteTally tally = new SiteTally();

  private record Place(String country, OptionalLong system) implements ClientPlace {}

  private void answered(String site, int status) {
    tally.ended(
        new RequestRecord(
            "192.0.2.1",
            new Place("ZZ", OptionalLong.empty()),
            "GET",
            "http",
            "a.example",
            "/",
            site,
            status,
            0,
            1,
            RequestId.from(() -> "id"),
            RequestRecord.Outcome.MISS,
            "",
            ""));
  }

  @Test
  void requestsAndTheir5xxAreCountedUntilTheyAreReported() {
    answered("shop", 200);
    answered("shop", 404);
    answered("shop", 502);
    answered("", 421);
    assertEquals(List.of(new SiteTraffic("shop", 3, 1)), tally.next());
    assertEquals(List.of(), tally.next());
    answered("shop", 503);
    assertEquals(List.of(new SiteTraffic("shop", 1, 1)), tally.next());
  }

  @Test
  void whatDoesNotFitOneReportIsInTheNext() {
    for (int i = 0; i < 150; i++) {
      answered("site-" + i, 200);
    }
    List<SiteTraffic> first = tally.next();
    List<SiteTraffic> second = tally.next();
    assertEquals(100, first.size());
    assertEquals(50, second.size());
    Set<SiteTraffic> all = new HashSet<>(first);
    all.addAll(second);
    assertEquals(150, all.size());
  }
}
