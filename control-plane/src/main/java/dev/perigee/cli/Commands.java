package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What every client command has, and the small ones. */
abstract class Commands implements Runnable {
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(names = "--json", description = "print the API's answer as JSON")
  boolean json;

  @Option(names = "--api", description = "URL of the control plane (PERIGEE_API)")
  @Nullable String api;

  @Option(names = "--token-file", description = "file that holds the token; PERIGEE_TOKEN")
  @Nullable Path tokenFile;

  @Option(
      names = "--ca-file",
      description = "PEM of authorities trusted besides the system's (PERIGEE_CA_FILE)")
  @Nullable Path caFile;

  @Option(names = "--profile", description = "control plane of this name (PERIGEE_PROFILE)")
  @Nullable String profile;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "this text")
  boolean help;

  ApiClient client() {
    return ApiClient.of(target(), System.getenv());
  }

  /** Which control plane this is for. */
  Target target() {
    return Target.of(
        new Target.Asked(
            Optional.ofNullable(api),
            Optional.ofNullable(tokenFile),
            Optional.ofNullable(caFile),
            Optional.ofNullable(profile)),
        System.getenv(),
        Profiles.of(System.getenv()));
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Prints the answer as JSON where that was asked for; false where people read it. */
  boolean asJson(JsonNode answer) {
    if (json) {
      out().println(Json.pretty(answer));
    }
    return json;
  }

  static String joined(JsonNode list) {
    StringJoiner joiner = new StringJoiner(" ");
    list.forEach(item -> joiner.add(item.asText()));
    return joiner.toString();
  }

  /** A command that changes a site. */
  abstract static class SiteEdit extends Commands {
    @Option(names = "--note", description = "why, for the site's history")
    @Nullable String note;

    /** The path with the note. */
    String noted(String path) {
      return note == null ? path : path + "?note=" + ApiClient.part(note);
    }
  }

  /** A command that replaces a site's settings, on all nodes or on some first. */
  abstract static class SiteStaged extends SiteEdit {
    @Option(
        names = "--canary",
        paramLabel = "NODES|PERCENT",
        description =
            "only there at first: names with commas between them, or a share such as 10%%")
    @Nullable String canary;

    @Option(
        names = "--hold",
        paramLabel = "TIME",
        description = "with --canary: promoted by itself after this time without trouble; 10m, 30s")
    @Nullable String hold;

    @Option(
        names = "--max-errors",
        paramLabel = "POINTS",
        defaultValue = "5",
        description =
            "with --canary: halted when the canaries' share of 5xx exceeds the others' by more;"
                + " ${DEFAULT-VALUE} per cent")
    int maxErrors;

    @Option(names = "--wait", description = "with --canary: until it is promoted or halted")
    boolean wait;

    /**
     * Replaces the settings; the answer is the site as it is, or as its canaries are to have it.
     */
    JsonNode replace(String path, ObjectNode site) {
      return isStaged()
          ? begin(path, Map.of("site", site))
          : client().put(noted(path), fields(site));
    }

    private static Map<String, Object> fields(ObjectNode site) {
      Map<String, Object> fields = new LinkedHashMap<>();
      site.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
      return fields;
    }

    /** Whether some nodes are to have it first. */
    boolean isStaged() {
      if (canary == null && (wait || hold != null)) {
        throw new Failure(Failure.USAGE, "--hold and --wait go with --canary");
      }
      return canary != null;
    }

    /** Gives it to the canaries; the answer is the site as these are to have it. */
    JsonNode begin(String path, Map<String, ?> what) {
      Map<String, Object> order = new LinkedHashMap<>(what);
      order.put("canary", canary);
      order.put("errorPoints", maxErrors);
      if (hold != null) {
        order.put("holdSeconds", RolloutCommands.seconds(hold));
      }
      JsonNode rollout = client().post(noted(path + "/rollouts"), Optional.of(order));
      RolloutCommands.tell(json ? spec.commandLine().getErr() : out(), rollout);
      return (wait
              ? RolloutCommands.follow(client(), rollout, spec.commandLine().getErr())
              : rollout)
          .path("candidate");
    }
  }

  /** Sites. */
  @Command(name = "site", description = "Sites: hosts and their origins.")
  @Subcommands({
    SiteAdd.class,
    SiteList.class,
    SiteShow.class,
    SiteCacheCommand.class,
    SitePoolsCommand.class,
    SiteHidingCommand.class,
    SitePagesCommand.class,
    SiteHealthCommand.class,
    SiteHistoryCommands.History.class,
    SiteHistoryCommands.Diff.class,
    SiteHistoryCommands.Rollback.class,
    SiteTiersCommand.class,
    SiteSteeringCommand.class,
    SiteLimitsCommand.class,
    SiteCompressionCommand.class,
    SiteAcmeCommand.class,
    SiteClientCertificatesCommand.class,
    SiteRemove.class
  })
  static final class Site extends Group {}

  /** A command that only has commands of its own. */
  abstract static class Group implements Runnable {
    @Spec CommandSpec spec = CommandSpec.create();

    @Option(
        names = {"-h", "--help"},
        usageHelp = true,
        description = "this text")
    boolean help;

    @Override
    public void run() {
      CommandLine whole = PerigeeCli.whole();
      for (String word : spec.qualifiedName(" ").split(" ", -1)) {
        whole = whole.getSubcommands().getOrDefault(word, whole);
      }
      whole.usage(spec.commandLine().getErr());
      throw new Failure(Failure.USAGE, "name one of the commands above");
    }
  }

  @Command(name = "add", description = "Register a site.")
  static final class SiteAdd extends SiteEdit {
    @Parameters(paramLabel = "HOST", description = "its first host name")
    String host = "";

    @Option(names = "--origin", required = true, description = "http(s)://host[:port]; repeatable")
    List<String> origins = new ArrayList<>();

    @Option(names = "--host", description = "a further host name or *.wildcard; repeatable")
    List<String> hosts = new ArrayList<>();

    @Option(names = "--region", description = "a region that serves it; all by default")
    List<String> regions = new ArrayList<>();

    @Option(names = "--org", description = "whose; your own, and an operator's choice: first")
    @Nullable String organisation;

    @Option(names = "--acme", description = "http-01 or dns-01: get its certificate so; off")
    @Nullable String acme;

    @Override
    public void run() {
      List<String> all = new ArrayList<>(List.of(host));
      all.addAll(hosts);
      Map<String, Object> body = new LinkedHashMap<>();
      body.put("hosts", all);
      body.put("origins", origins);
      body.put("regions", regions);
      if (organisation != null) {
        body.put("organisation", organisation);
      }
      if (acme != null) {
        body.put("acme", acme);
      }
      JsonNode site = client().post(noted("v1/sites"), Optional.of(body));
      if (!asJson(site)) {
        out().println("added " + site.path("id").asText() + " for " + joined(site.path("hosts")));
      }
    }
  }

  @Command(name = "list", description = "All sites.")
  static final class SiteList extends Commands {
    @Option(names = "--org", description = "those of this organisation alone")
    @Nullable String organisation;

    @Option(names = "--region", description = "those that name this region")
    @Nullable String region;

    @Override
    public void run() {
      String query =
          ApiClient.query(
              "organisation", Optional.ofNullable(organisation),
              "regions", Optional.ofNullable(region));
      JsonNode sites = client().list("v1/sites" + query);
      if (!asJson(sites)) {
        Table table = new Table("ID", "HOSTS", "ORIGINS", "REGIONS");
        for (JsonNode site : sites.path("items")) {
          String regions = joined(site.path("regions"));
          table.row(
              site.path("id").asText(),
              joined(site.path("hosts")),
              joined(site.path("origins")),
              regions.isEmpty() ? "all" : regions);
        }
        table.print(out());
      }
    }
  }

  @Command(name = "show", description = "One site.")
  static final class SiteShow extends Commands {
    @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
    String site = "";

    @Override
    public void run() {
      JsonNode found = client().get("v1/sites/" + ApiClient.part(site));
      if (!asJson(found)) {
        out().println("id       " + found.path("id").asText());
        out().println("org      " + found.path("organisation").asText());
        out().println("revision " + found.path("revision").asLong());
        out().println("hosts    " + joined(found.path("hosts")));
        out().println("origins  " + joined(found.path("origins")));
        if (found.has("originPools")) {
          out().println("pools    " + SitePoolsCommand.summary(found.path("originPools")));
        }
        String regions = joined(found.path("regions"));
        out().println("regions  " + (regions.isEmpty() ? "all" : regions));
        out().println("cache    " + SiteCacheCommand.summary(found.path("cache")));
        out().println("hiding   " + SiteHidingCommand.summary(found.path("hiding")));
        String id = ApiClient.part(found.path("id").asText());
        for (JsonNode rollout : client().list("v1/sites/" + id + "/rollouts").path("items")) {
          if (rollout.path("state").asText().equals("canary")) {
            out().println("rollout  " + RolloutCommands.sentence(rollout));
          }
        }
        out().println("tiers    " + SiteTiersCommand.summary(found));
        out().println("steering " + SiteSteeringCommand.summary(found.path("steering")));
        out().println("limits   " + SiteLimitsCommand.summary(found));
        out().println("compress " + SiteCompressionCommand.summary(found.path("compression")));
        out()
            .println(
                "readers  "
                    + SiteClientCertificatesCommand.summary(found.path("clientCertificates")));
        if (!found.path("acme").asText().equals("off")) {
          JsonNode state = client().get("v1/sites/" + id + "/acme");
          out().println("acme     " + SiteAcmeCommand.summary(state));
        }
      }
    }
  }

  @Command(name = "remove", description = "Remove a site; its id is never used again.")
  static final class SiteRemove extends SiteEdit {
    @Parameters(paramLabel = "SITE", description = "its id or one of its hosts")
    String site = "";

    @Override
    public void run() {
      client().delete(noted("v1/sites/" + ApiClient.part(site)));
      out().println(json ? "{}" : "removed " + site);
    }
  }

  /** Certificates. */
  @Command(
      name = "cert",
      description = "Certificates of the sites.",
      subcommands = {CertAdd.class, CertList.class, CertRemove.class})
  static final class Cert extends Group {}

  @Command(name = "add", description = "Upload a certificate chain and its key.")
  static final class CertAdd extends Commands {
    @Option(names = "--cert", required = true, description = "PEM chain, the leaf first")
    Path cert = Path.of("");

    @Option(names = "--key", required = true, description = "PEM private key, unencrypted")
    Path key = Path.of("");

    @Override
    public void run() {
      Map<String, String> body = new LinkedHashMap<>();
      body.put("certificate", read(cert));
      body.put("privateKey", read(key));
      JsonNode added = client().post("v1/certificates", Optional.of(body));
      if (!asJson(added)) {
        String id = added.path("id").asText();
        out()
            .println(
                "added "
                    + id.substring(0, Math.min(16, id.length()))
                    + " for "
                    + joined(added.path("hosts"))
                    + ", valid until "
                    + added.path("notAfter").asText());
      }
    }

    private static String read(Path file) {
      try {
        return Files.readString(file);
      } catch (IOException e) {
        throw new Failure(Failure.USAGE, "cannot be read: " + file);
      }
    }
  }

  @Command(name = "list", description = "All certificates.")
  static final class CertList extends Commands {
    @Override
    public void run() {
      JsonNode certificates = client().list("v1/certificates");
      if (!asJson(certificates)) {
        Table table = new Table("HOSTS", "VALID UNTIL", "ISSUER", "SITE", "ID", "WARNING");
        for (JsonNode certificate : certificates.path("items")) {
          table.row(
              joined(certificate.path("hosts")),
              certificate.path("notAfter").asText(),
              certificate.path("issuer").asText(),
              certificate.path("site").asText("uploaded"),
              certificate.path("id").asText(),
              certificate.path("warning").asText());
        }
        table.print(out());
      }
    }
  }

  @Command(name = "remove", description = "Remove a certificate.")
  static final class CertRemove extends Commands {
    @Parameters(paramLabel = "ID", description = "as cert list shows it")
    String id = "";

    @Override
    public void run() {
      client().delete("v1/certificates/" + ApiClient.part(id));
      out().println(json ? "{}" : "removed " + id);
    }
  }

  @Command(name = "status", description = "How everything is.")
  static final class Status extends Commands {
    @Override
    public void run() {
      JsonNode status = client().get("v1/status");
      if (!asJson(status)) {
        long nodes = status.path("nodes").asLong();
        out().printf("nodes     %d, %d serving%n", nodes, status.path("serving").asLong());
        out().printf("sites     %d%n", status.path("sites").asLong());
        out()
            .printf(
                "revision  %d, on %d of %d nodes%n",
                status.path("revision").asLong(), status.path("upToDate").asLong(), nodes);
        out().printf("purges    %d%n", status.path("purge").asLong());
        JsonNode certificates = status.path("certificates");
        out()
            .printf(
                "certs     %d, %d expire soon or have; %d sites fail to get theirs%n",
                certificates.path("all").asLong(),
                certificates.path("expiring").asLong(),
                certificates.path("failing").asLong());
        if (status.has("geoipAgeDays")) {
          out()
              .printf(
                  "geoip     %d days old, on %d of %d nodes%n",
                  status.path("geoipAgeDays").asLong(), status.path("geoipNodes").asLong(), nodes);
        }
        out().println();
        NodeCommands.NodeList.table(client().list("v1/nodes")).print(out());
      }
    }
  }
}
