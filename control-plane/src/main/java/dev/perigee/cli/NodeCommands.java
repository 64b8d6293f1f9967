package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Nodes. */
final class NodeCommands {
  private static final int SHIELD_PORT = 8444;

  private NodeCommands() {}

  /** Nodes. */
  @Command(
      name = "node",
      description = "Edge nodes.",
      subcommands = {
        NodeList.class,
        NodeAdd.class,
        Drain.class,
        Undrain.class,
        Shield.class,
        NodeRemove.class,
        JoinToken.class
      })
  static final class Nodes extends Commands.Group {}

  @Command(name = "list", description = "All nodes with their state.")
  static final class NodeList extends Commands {
    @Override
    public void run() {
      JsonNode nodes = client().list("v1/nodes");
      if (asJson(nodes)) {
        return;
      }
      table(nodes).print(out());
    }

    /** A row for each node. */
    static Table table(JsonNode nodes) {
      Table table =
          new Table("NAME", "REGION", "ROLE", "STATE", "REVISION", "PURGE", "GEOIP", "ADDRESSES");
      for (JsonNode node : nodes.path("items")) {
        table.row(
            node.path("name").asText(),
            node.path("region").asText(),
            node.path("shield").asBoolean() ? "shield" : "edge",
            state(node),
            node.path("revision").asText(),
            node.path("purge").asText(),
            geoip(node.path("geoip")),
            joined(node.path("addresses")));
      }
      return table;
    }

    /** Each kind with the day on which it was built. */
    private static String geoip(JsonNode databases) {
      StringJoiner all = new StringJoiner(", ");
      all.setEmptyValue("none");
      for (JsonNode database : databases) {
        String built = database.path("built").asText();
        all.add(database.path("kind").asText() + " " + built.replaceFirst("T.*", ""));
      }
      return all.toString();
    }

    private static String state(JsonNode node) {
      if (!node.path("enrolled").asBoolean()) {
        return "not enrolled";
      } else if (!node.path("connected").asBoolean()) {
        return "not connected";
      } else if (!node.path("healthy").asBoolean()) {
        return "unhealthy: " + node.path("healthDetail").asText();
      }
      return node.path("draining").asBoolean() ? "draining" : "serving";
    }
  }

  @Command(name = "add", description = "Provision a node; prints how to start it.")
  static final class NodeAdd extends Commands {
    @Parameters(paramLabel = "NAME", description = "a DNS label, such as fra-1")
    String name = "";

    @Option(names = "--region", required = true, description = "a DNS label")
    String region = "";

    @Option(names = "--at", required = true, description = "LAT,LON in degrees")
    String at = "";

    @Option(names = "--address", required = true, description = "an IP address; repeatable")
    List<String> addresses = new ArrayList<>();

    @Option(names = "--http-port", defaultValue = "8080", description = "${DEFAULT-VALUE}")
    int httpPort;

    @Option(names = "--https-port", defaultValue = "8443", description = "${DEFAULT-VALUE}")
    int httpsPort;

    @Option(names = "--shield", description = "stands between the edges and the origins")
    boolean shield;

    @Option(
        names = "--peer-port",
        description = "where other nodes ask it; by default nowhere, and 8444 for a shield")
    @Nullable Integer peerPort;

    @Option(
        names = "--country",
        description = "where it stands, such as DE; by default where GeoIP has its address")
    String country = "";

    private int peers() {
      return peerPort == null ? (shield ? SHIELD_PORT : 0) : peerPort;
    }

    @Override
    public void run() {
      String[] position = at.split(",", -1);
      Map<String, Object> body = new LinkedHashMap<>();
      body.put("name", name);
      body.put("region", region);
      try {
        body.put("latitude", Double.parseDouble(position[0].strip()));
        body.put("longitude", Double.parseDouble(position[1].strip()));
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
        throw new Failure(Failure.USAGE, "--at must be LAT,LON, such as 50.11,8.68: " + at);
      }
      body.put("addresses", addresses);
      body.put("httpPort", httpPort);
      body.put("httpsPort", httpsPort);
      body.put("shield", shield);
      body.put("peerPort", peers());
      body.put("country", country);
      JsonNode added = client().post("v1/nodes", Optional.of(body));
      if (!asJson(added)) {
        out().println("added " + name + ". On the node, within a day:");
        out().println();
        out()
            .println(
                "  perigee edge --name "
                    + name
                    + " --control HOST:7443 --state-dir /var/lib/perigee --bind "
                    + addresses.getFirst()
                    + (peers() == 0 ? "" : " --peer-port " + peers())
                    + " --join "
                    + added.path("joinToken").asText());
      }
    }
  }

  @Command(name = "drain", description = "Steer new readers elsewhere.")
  static final class Drain extends Named {
    @Override
    public void run() {
      act("drain", "draining");
    }
  }

  @Command(name = "undrain", description = "Steer readers here again.")
  static final class Undrain extends Named {
    @Override
    public void run() {
      act("undrain", "no longer draining:");
    }
  }

  @Command(name = "shield", description = "Name a node a shield, or no shield any more.")
  static final class Shield extends Named {
    @Parameters(index = "1", paramLabel = "on|off", description = "whether it is one")
    String state = "";

    @Override
    public void run() {
      switch (state) {
        case "on" -> act("shield", "a shield:");
        case "off" -> act("unshield", "no longer a shield:");
        default -> throw new Failure(Failure.USAGE, "say on or off: " + state);
      }
    }
  }

  /** A command on one node. */
  abstract static class Named extends Commands {
    @Parameters(index = "0", paramLabel = "NAME", description = "the node")
    String name = "";

    void act(String verb, String done) {
      String path = "v1/nodes/" + ApiClient.part(name) + "/" + verb;
      JsonNode node = client().post(path, Optional.empty());
      if (!asJson(node)) {
        out().println(done + " " + name);
      }
    }
  }

  @Command(name = "remove", description = "Remove a node; it is refused from then on.")
  static final class NodeRemove extends Named {
    @Override
    public void run() {
      client().delete("v1/nodes/" + ApiClient.part(name));
      out().println(json ? "{}" : "removed " + name);
    }
  }

  @Command(name = "join-token", description = "A token to enrol the node with, anew.")
  static final class JoinToken extends Named {
    @Override
    public void run() {
      String path = "v1/nodes/" + ApiClient.part(name) + "/join-token";
      JsonNode token = client().post(path, Optional.empty());
      if (!asJson(token)) {
        out().println(token.path("token").asText());
      }
    }
  }
}
