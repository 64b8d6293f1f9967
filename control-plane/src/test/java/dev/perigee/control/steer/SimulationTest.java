package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** An operator sees who would take a region's readers before it is drained; nothing is changed. */
final class SimulationTest {
  private static NearestSteering steering(GeoLocator locator) {
    NearestSteering steering = new NearestSteering(locator, NearestSteering.DEFAULT_POSITION);
    steering.swap(
        new SteeringSnapshot(
            List.of(
                Fixtures.serving(Fixtures.node("fra-1", "eu", 50.11, 8.68)),
                Fixtures.serving(Fixtures.node("iad-1", "us", 39.04, -77.49)),
                Fixtures.serving(Fixtures.node("sin-1", "asia", 1.35, 103.82))),
            List.of(Fixtures.site("asian", List.of("a.example"), "asia")),
            1));
    return steering;
  }

  @Test
  void theClientsOfAFailedRegionGoToTheNextNearest() {
    NearestSteering steering = steering(Fixtures.at(52, 13, 24));
    List<InetAddress> clients = List.of(Fixtures.CLIENT, InetAddress.ofLiteral("2001:db8::1"));
    Simulation simulated = steering.simulate(clients, Optional.empty(), Set.of("eu"));
    assertEquals(
        List.of(
            new Simulation.Share("fra-1", "eu", 2, 0),
            new Simulation.Share("iad-1", "us", 0, 2),
            new Simulation.Share("sin-1", "asia", 0, 0)),
        simulated.shares());
    assertTrue(simulated.after().medianKm() > simulated.before().medianKm());
    assertEquals(
        "fra-1", steering.explain(Fixtures.CLIENT, Optional.empty()).chosen().orElseThrow().node());
  }

  @Test
  void whereNoNodeIsLeftClientsAreUnanswered() {
    Simulation simulated =
        steering(Fixtures.at(52, 13, 24))
            .simulate(List.of(Fixtures.CLIENT), Optional.of("asian"), Set.of("sin-1"));
    assertEquals(0, simulated.before().unanswered());
    assertEquals(1, simulated.after().unanswered());
    assertEquals(-1, simulated.after().medianKm());
  }

  @Test
  void whatIsNoNodeAndNoRegionIsNamed() {
    NearestSteering steering = steering(GeoLocator.unknown());
    assertEquals(Set.of("mars"), steering.unknownOf(Set.of("eu", "sin-1", "mars")));
  }

  @Test
  void theWorldHasClientsOfEveryCountry() throws IOException {
    Path file = Path.of("geo/perigee-city.mmdb");
    try (GeoDatabase database = new GeoDatabase(file, InstantSource.system())) {
      NearestSteering steering = steering(database);
      GeoTree geo = GeoTree.of(GeoFile.of(GeoKind.CITY, Files.readAllBytes(file)));
      steering.courses(Courses.of(steering.state(), geo, NearestSteering.DEFAULT_POSITION, null));
      Simulation simulated = steering.simulate(List.of(), Optional.empty(), Set.of("fra-1"));
      assertTrue(simulated.clients() > 90_000, simulated.toString());
      assertEquals(0, simulated.after().unanswered());
      simulated.shares().forEach(share -> assertTrue(share.before() > 10_000, share.toString()));
      assertEquals(0, simulated.shares().getFirst().after());
    }
  }
}
