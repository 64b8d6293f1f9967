package dev.perigee.local;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which address and port each part listens on.
 *
 * @param host where the control plane, DNS, steering and the demo origin listen
 * @param edges the edges, each with an address of its own
 */
record Layout(String host, List<EdgePlace> edges) {
  static final int API_PORT = 7070;
  static final int GRPC_PORT = 7443;
  static final int DNS_PORT = 7053;
  static final int STEER_PORT = 7080;
  static final int METRICS_PORT = 9091;
  static final int ORIGIN_PORT = 7090;

  private static final Pattern NETWORK =
      Pattern.compile("127(\\.(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)){2}");
  private static final String STANDARD = "127.0.1";

  Layout {
    edges = List.copyOf(edges);
  }

  /** The control plane on 127.0.0.1, the edges on 127.0.1.1 to 127.0.1.3. */
  static Layout standard() {
    return new Layout("127.0.0.1", edgesOf(STANDARD));
  }

  /**
   * Everything in one loopback network, the control plane on its {@code .100}: for a second network
   * beside the standard one.
   *
   * @param network three parts, such as {@code 127.91.7}
   */
  static Layout within(String network) throws LocalException {
    if (!NETWORK.matcher(network).matches()) {
      throw new LocalException("not the first three parts of a loopback address: " + network);
    }
    return new Layout(network + ".100", edgesOf(network));
  }

  /** One listening place. */
  record Listener(String host, int port, boolean udp, String purpose) {}

  /** All places that must be free before anything starts. */
  List<Listener> listeners() {
    List<Listener> all = new ArrayList<>();
    all.add(new Listener(host, API_PORT, false, "the control plane's API"));
    all.add(new Listener(host, GRPC_PORT, false, "the control plane's edges"));
    all.add(new Listener(host, DNS_PORT, false, "DNS over TCP"));
    all.add(new Listener(host, DNS_PORT, true, "DNS over UDP"));
    all.add(new Listener(host, STEER_PORT, false, "HTTP steering"));
    all.add(new Listener(host, METRICS_PORT, false, "metrics"));
    all.add(new Listener(host, ORIGIN_PORT, false, "the demo origin"));
    for (EdgePlace edge : edges) {
      String of = "edge " + edge.name() + ", ";
      all.add(new Listener(edge.address(), EdgePlace.HTTP_PORT, false, of + "HTTP"));
      all.add(new Listener(edge.address(), EdgePlace.HTTPS_PORT, false, of + "HTTPS"));
      all.add(new Listener(edge.address(), EdgePlace.ADMIN_PORT, false, of + "metrics"));
    }
    return all;
  }

  String api() {
    return "http://" + host + ":" + API_PORT;
  }

  String origin() {
    return "http://" + host + ":" + ORIGIN_PORT;
  }

  private static List<EdgePlace> edgesOf(String network) {
    return List.of(
        new EdgePlace("fra-1", "eu-central", 50.11, 8.68, network + ".1"),
        new EdgePlace("iad-1", "us-east", 39.04, -77.49, network + ".2"),
        new EdgePlace("sin-1", "ap-southeast", 1.35, 103.82, network + ".3"));
  }
}
