package dev.perigee.local;

import java.util.ArrayList;
import java.util.List;

/** The command line of every part, from where it listens and where its state lies. */
record Parts(Layout layout, StateFolder folder, Installation installation) {
  private static final String EDGE_CACHE = "256m";
  private static final String EDGE_MEMORY = "64m";

  Part control() throws LocalException {
    List<String> command = new ArrayList<>(installation.controlCommand());
    String host = layout.host();
    add(command, "--state-dir", folder.control().toString());
    add(command, "--operator-token-file", folder.token().toString());
    listen(command, "api", host, Layout.API_PORT);
    listen(command, "grpc", host, Layout.GRPC_PORT);
    listen(command, "dns", host, Layout.DNS_PORT);
    listen(command, "steer", host, Layout.STEER_PORT);
    listen(command, "admin", host, Layout.METRICS_PORT);
    add(command, "--dns-zone", LocalNetwork.ZONE);
    command.add("--dns-site-hosts");
    add(command, "--geoip-database", installation.geoIp().toString());
    command.add("--allow-private-origins");
    return new Part("control", "the control plane", command, List.of(), "control plane ready");
  }

  Part origin() throws LocalException {
    List<String> command = new ArrayList<>(installation.localCommand());
    command.add("origin");
    add(command, "--bind", layout.host());
    add(command, "--port", Integer.toString(Layout.ORIGIN_PORT));
    return new Part("origin", "the demo origin", command, List.of(), OriginCommand.READY);
  }

  /**
   * @param joinArguments how it enrols at its first start; empty where it has
   */
  Part edge(EdgePlace edge, List<String> joinArguments) throws LocalException {
    List<String> command = new ArrayList<>(installation.edgeCommand());
    add(command, "--name", edge.name());
    add(command, "--control", layout.host() + ":" + Layout.GRPC_PORT);
    add(command, "--state-dir", folder.edge(edge.name()).toString());
    add(command, "--bind", edge.address());
    add(command, "--http-port", Integer.toString(EdgePlace.HTTP_PORT));
    add(command, "--https-port", Integer.toString(EdgePlace.HTTPS_PORT));
    add(command, "--admin-bind", edge.address());
    add(command, "--admin-port", Integer.toString(EdgePlace.ADMIN_PORT));
    add(command, "--cache-size", EDGE_CACHE);
    add(command, "--memory-size", EDGE_MEMORY);
    command.add("--allow-private-origins");
    String mark = "edge " + edge.name() + " ready";
    return new Part(edge.name(), "edge " + edge.name(), command, joinArguments, mark);
  }

  private static void listen(List<String> command, String what, String host, int port) {
    add(command, "--" + what + "-bind", host);
    add(command, "--" + what + "-port", Integer.toString(port));
  }

  private static void add(List<String> command, String option, String value) {
    command.add(option);
    command.add(value);
  }
}
