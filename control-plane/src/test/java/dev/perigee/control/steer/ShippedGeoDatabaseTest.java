package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.steer.GeoLocator.Location;
import dev.perigee.control.steer.Steering.Position;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.Node;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The database that is shipped is near enough to steer by, and small enough to ship. */
final class ShippedGeoDatabaseTest {
  private static final GeoDatabase DATABASE = open();

  private static GeoDatabase open() {
    try {
      return new GeoDatabase(Path.of("geo/perigee-city.mmdb"), InstantSource.system());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterAll
  static void close() {
    DATABASE.close();
  }

  @Test
  void atLeast95PercentOfTheSampledNetworksLieWithin150Kilometres() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("geo/sample.csv"));
    int near = 0;
    int sampled = 0;
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",", -1);
      Position source = new Position(Double.parseDouble(cells[1]), Double.parseDouble(cells[2]));
      Optional<Location> found = DATABASE.locate(InetAddress.getByName(cells[0]));
      sampled++;
      boolean within =
          found.isPresent()
              && Globe.distanceKm(
                      source, new Position(found.get().latitude(), found.get().longitude()))
                  <= 150;
      near += within ? 1 : 0;
    }
    assertEquals(10_000, sampled);
    assertTrue(near >= 9_500, near + " of " + sampled);
  }

  @Test
  void itIsAtMost8Megabytes() throws IOException {
    assertTrue(Files.size(Path.of("geo/perigee-city.mmdb")) <= 8_000_000);
  }

  @ParameterizedTest
  @CsvSource({
    "194.25.0.60, fra-1",
    "85.214.132.117, fra-1",
    "2a02:908::1, fra-1",
    "8.8.8.8, iad-1",
    "200.160.2.3, iad-1",
    "165.21.83.88, sin-1",
  })
  void germanyGoesToFrankfurtBrazilToAshburnSingaporeToSingapore(String client, String node)
      throws UnknownHostException {
    NearestSteering steering = new NearestSteering(DATABASE, NearestSteering.DEFAULT_POSITION);
    steering.swap(
        new SteeringSnapshot(
            List.of(
                node("fra-1", 50.11, 8.68),
                node("iad-1", 39.04, -77.49),
                node("sin-1", 1.35, 103.82)),
            List.of(),
            1));
    Steering.Explanation explained =
        steering.explain(InetAddress.getByName(client), Optional.empty());
    assertEquals(node, explained.chosen().orElseThrow().node(), explained.toString());
  }

  private static SteeredNode node(String name, double latitude, double longitude)
      throws UnknownHostException {
    List<InetAddress> addresses = List.of(InetAddress.getLoopbackAddress());
    return new SteeredNode(
        new Node(name, "here", latitude, longitude, addresses, 80, 443, false, true), true);
  }
}
