package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.FromEdge.GeoOutcome;
import dev.perigee.contract.FromEdge.GeoReport;
import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.GeoKind;
import dev.perigee.contract.Limits;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which part of which database an edge is sent next. */
final class GeoPlanTest {
  private static final int CHUNK = Limits.GEO_CHUNK_BYTES;
  private static final GeoFile CITY = GeoFile.of(GeoKind.CITY, new byte[5 * CHUNK / 2]);
  private static final GeoFile ASN = GeoFile.of(GeoKind.ASN, new byte[10]);

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  private Optional<Long> next(GeoPlan plan, GeoFile... files) {
    return plan.next(List.of(files), now).map(GeoChunk::offset);
  }

  private void report(GeoPlan plan, GeoFile file, GeoOutcome outcome, long received) {
    plan.reported(new GeoReport(file.kind(), file.version(), outcome, received, ""), now);
  }

  private static GeoPlan plan(GeoHolding... held) {
    return new GeoPlan(List.of(held), true);
  }

  private static GeoPlan nothingYet() {
    return plan(GeoHolding.none(GeoKind.CITY), GeoHolding.none(GeoKind.ASN));
  }

  @Test
  void twoPartsAtMostAreAheadOfWhatTheNodeReported() {
    GeoPlan plan = nothingYet();
    assertEquals(Optional.of(0L), next(plan, CITY, ASN));
    assertEquals(Optional.of((long) CHUNK), next(plan, CITY, ASN));
    assertEquals(Optional.empty(), next(plan, CITY, ASN));
    report(plan, CITY, GeoOutcome.TAKING, CHUNK);
    assertEquals(Optional.of(2L * CHUNK), next(plan, CITY, ASN));
    report(plan, CITY, GeoOutcome.TAKING, Long.MAX_VALUE);
    assertEquals(Optional.empty(), next(plan, CITY, ASN), "everything of it was sent");
    report(plan, CITY, GeoOutcome.TAKEN, CITY.size());
    assertEquals(GeoKind.ASN, plan.next(List.of(CITY, ASN), now).orElseThrow().kind());
    report(plan, ASN, GeoOutcome.TAKEN, ASN.size());
    assertEquals(Optional.empty(), next(plan, CITY, ASN));
  }

  @Test
  void aNodeIsSentNeitherWhatItHasNorAKindThatItDoesNotTake() {
    GeoPlan has = plan(new GeoHolding(GeoKind.CITY, CITY.version(), 1));
    assertEquals(Optional.empty(), next(has, CITY, ASN));
    assertEquals(Optional.empty(), next(plan(), CITY, ASN));
    GeoFile newer = GeoFile.of(GeoKind.CITY, new byte[7]);
    assertEquals(newer.version(), has.next(List.of(newer), now).orElseThrow().version());
  }

  @Test
  void whatWasTornComesAnewMoreAndMoreRarelyAndHoldsUpNoOther() {
    GeoPlan plan = nothingYet();
    Duration last = Duration.ZERO;
    assertEquals(Optional.of(0L), next(plan, CITY));
    for (int i = 0; i < 9; i++) {
      report(plan, CITY, GeoOutcome.TORN, 0);
      Instant torn = now;
      Optional<Long> again = next(plan, CITY);
      while (again.isEmpty()) {
        now = now.plusSeconds(1);
        again = next(plan, CITY);
      }
      assertEquals(Optional.of(0L), again);
      Duration waited = Duration.between(torn, now);
      assertTrue(waited.compareTo(last) >= 0 && !waited.isZero(), waited.toString());
      last = waited;
    }
    assertEquals(Duration.ofSeconds(60), last);
    report(plan, CITY, GeoOutcome.TORN, 0);
    assertEquals(GeoKind.ASN, plan.next(List.of(CITY, ASN), now).orElseThrow().kind());
  }

  @Test
  void whatWasRefusedComesNoMoreButItsSuccessorDoes() {
    GeoPlan plan = nothingYet();
    next(plan, CITY);
    report(plan, CITY, GeoOutcome.REFUSED, 0);
    now = now.plus(Duration.ofDays(1));
    assertEquals(Optional.empty(), next(plan, CITY));
    assertEquals(Optional.of(0L), next(plan, GeoFile.of(GeoKind.CITY, new byte[7])));
  }

  @Test
  void aVersionThatIsReplacedOnItsWayIsGivenUp() {
    GeoPlan plan = nothingYet();
    next(plan, CITY);
    GeoFile newer = GeoFile.of(GeoKind.CITY, new byte[3 * CHUNK]);
    assertEquals(Optional.of(0L), next(plan, newer));
    report(plan, CITY, GeoOutcome.TAKEN, CITY.size());
    assertEquals(Optional.of((long) CHUNK), next(plan, newer), "a late word about the old one");
  }

  @Test
  void aNodeIsToldOnceThatThereIsNoneAnyMore() {
    GeoFile none = GeoFile.none(GeoKind.OVERRIDE);
    GeoPlan plan = plan(new GeoHolding(GeoKind.OVERRIDE, CITY.version(), 1));
    assertTrue(plan.next(List.of(none), now).orElseThrow().isNone());
    assertEquals(Optional.empty(), next(plan, none), "it has not said yet what became of it");
    report(plan, none, GeoOutcome.TAKEN, 0);
    assertEquals(Optional.empty(), next(plan, none));
    GeoFile anew = GeoFile.of(GeoKind.OVERRIDE, new byte[3]);
    assertEquals(Optional.of(0L), next(plan, anew));
  }

  @Test
  void aNodeThatHasNoneOrKnowsNoSuchThingIsNotTold() {
    GeoFile none = GeoFile.none(GeoKind.OVERRIDE);
    assertEquals(Optional.empty(), next(plan(GeoHolding.none(GeoKind.OVERRIDE)), none));
    GeoHolding held = new GeoHolding(GeoKind.OVERRIDE, CITY.version(), 1);
    assertEquals(Optional.empty(), next(new GeoPlan(List.of(held), false), none));
  }

  @Test
  void oneThatCouldNotDropItIsToldAgain() {
    GeoFile none = GeoFile.none(GeoKind.OVERRIDE);
    GeoPlan plan = plan(new GeoHolding(GeoKind.OVERRIDE, CITY.version(), 1));
    assertEquals(Optional.of(0L), next(plan, none));
    report(plan, none, GeoOutcome.TORN, 0);
    assertEquals(Optional.empty(), next(plan, none));
    now = now.plus(Duration.ofMinutes(2));
    assertEquals(Optional.of(0L), next(plan, none));
  }
}
