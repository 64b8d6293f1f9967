package dev.perigee.control.steer;

import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.Node;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;

/** Nodes and sites for tests. */
public final class Fixtures {
  public static final InetAddress CLIENT = InetAddress.ofLiteral("192.0.2.1");

  private Fixtures() {}

  public static Node node(String name, String region, double latitude, double longitude) {
    return node(name, region, latitude, longitude, false, true);
  }

  public static Node node(
      String name,
      String region,
      double latitude,
      double longitude,
      boolean draining,
      boolean enrolled) {
    List<InetAddress> addresses =
        List.of(
            InetAddress.ofLiteral("198.51.100." + (name.hashCode() & 127)),
            InetAddress.ofLiteral("2001:db8::" + (name.hashCode() & 127)));
    return new Node(name, region, latitude, longitude, addresses, 8080, 8443, draining, enrolled);
  }

  public static SteeredNode serving(Node node) {
    return new SteeredNode(node, true);
  }

  public static SiteConfig site(String id, List<String> hosts, String... regions) {
    return new SiteConfig(
        id, hosts, List.of(new OriginUrl("http", "192.0.2.9", 80)), Set.of(regions), false, false);
  }

  /** A locator that puts everybody in one place. */
  public static GeoLocator at(double latitude, double longitude, int prefix) {
    return address ->
        java.util.Optional.of(new GeoLocator.Location(latitude, longitude, "DE", prefix));
  }
}
