package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.FlatGeoFile;
import dev.perigee.testkit.Full;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two edges are brought the control plane's GeoIP database and key by country; readers come from
 * loopback addresses of which the database says where they are.
 */
@Full("GeoIP databases on their way to running edges")
class GeoE2E {
  private static final String HOST = "www.shop.example";
  private static final String TARGET = "/product-7/page";
  private static final List<String> EDGES = List.of("fra-1", "iad-1");
  private static final Duration SOON = Duration.ofSeconds(60);

  private final Path folder;
  private final Network network;
  private final Origin origin;
  private final Path cities;
  private final String one;
  private final String other;
  private final String stranger;
  private final String moved;

  GeoE2E(@TempDir Path folder) throws Exception {
    this.folder = folder;
    network = new Network(folder);
    origin = Origin.start(folder, network.originAddress(), 9000);
    cities = folder.resolve("cities.mmdb");
    one = network.readerAddress(210);
    other = network.readerAddress(220);
    stranger = network.readerAddress(230);
    moved = network.readerAddress(235);
  }

  @AfterEach
  void down() {
    network.close();
    origin.close();
  }

  @Test
  void edgesKeyByCountryWithTheControlPlaneDownAndDropWhatTheOperatorTookAway() throws Exception {
    write("DE", "FR");
    network.startControl(cities, "--geoip-override", override().toString());
    network.addEdge("fra-1", 1, "eu-central", "50.11,8.68");
    network.addEdge("iad-1", 2, "us-east", "39.04,-77.49");
    network.cliOk("site", "add", HOST, "--origin", origin.url());
    Path policy = Files.writeString(folder.resolve("policy.json"), "{\"key\":{\"country\":true}}");
    network.cliOk("site", "cache", HOST, "--file", policy.toString());
    awaitEverywhere();
    assertTrue(network.cliOk("node", "list").output().contains("city 2023-11-14"));
    EDGES.forEach(edge -> assertTrue(isFrench(edge, moved), "by the operator's own file"));

    EDGES.forEach(this::keysByCountry);
    assertEquals(3L * EDGES.size(), origin.fetches(TARGET));
    network.cliOk("purge", "--site", HOST, "--url", "http://" + HOST + TARGET, "--wait");
    EDGES.forEach(this::keysByCountry);

    write("FR", "FR");
    Awaitility.await("a newer file moves a reader to another country")
        .atMost(SOON)
        .until(() -> EDGES.stream().allMatch(edge -> isFrench(edge, one)));

    network.stopControl();
    network.killEdge("fra-1");
    network.startEdge("fra-1");
    assertTrue(isFrench("fra-1", one), "the last good database serves");
    assertTrue(isFrench("fra-1", moved), "and the operator's own");
    assertTrue(get("fra-1", one, "/product-7/later").isMiss());
    assertTrue(get("fra-1", other, "/product-7/later").isHit(), "of the same country now");
    assertTrue(get("fra-1", stranger, "/product-7/later").isMiss());

    network.startControl(cities);
    Awaitility.await("the operator's own file is there no more, here nor there")
        .atMost(SOON)
        .until(() -> EDGES.stream().noneMatch(edge -> isFrench(edge, moved)));
    assertTrue(EDGES.stream().allMatch(edge -> isFrench(edge, one)), "by the other file");
  }

  /** Each kind of reader fetches for itself, and then has its own. */
  private void keysByCountry(String edge) {
    for (String reader : List.of(one, other, stranger)) {
      assertTrue(get(edge, reader, TARGET).isMiss(), edge + " " + reader);
    }
    for (String reader : List.of(one, other, stranger)) {
      assertTrue(get(edge, reader, TARGET).isHit(), edge + " " + reader);
    }
  }

  /** Whether the reader has what was stored for French readers alone. */
  private boolean isFrench(String edge, String reader) {
    String target = "/product-7/french-" + System.nanoTime();
    return get(edge, other, target).isMiss() && get(edge, reader, target).isHit();
  }

  private Fetch.Answer get(String edge, String reader, String target) {
    return Fetch.getFrom(reader, network.address(edge), Network.HTTP, HOST, target);
  }

  /** Until both edges have the newest revision and the databases. */
  private void awaitEverywhere() {
    Awaitility.await("both edges are up to date")
        .atMost(SOON)
        .until(
            () ->
                network
                        .cliOk("status")
                        .output()
                        .lines()
                        .filter(line -> line.endsWith("on 2 of 2 nodes"))
                        .count()
                    == 2);
  }

  /** Of a reader that the other database does not know. */
  private Path override() throws IOException {
    byte[] content = new FlatGeoFile("own").with(moved, 32, record("FR", 48)).toBytes();
    return Files.write(folder.resolve("own.mmdb"), content);
  }

  /** The countries of the two readers. */
  private void write(String country, String otherCountry) throws IOException {
    byte[] content =
        new FlatGeoFile("loopback-city")
            .with(one, 32, record(country, 50))
            .with(other, 32, record(otherCountry, 48))
            .toBytes();
    Path fresh = Files.write(folder.resolve("fresh.mmdb"), content);
    Files.move(fresh, cities, StandardCopyOption.REPLACE_EXISTING);
  }

  private static Map<String, ?> record(String country, double latitude) {
    return Map.of("country_code", country, "latitude", latitude, "longitude", 8.0);
  }
}
