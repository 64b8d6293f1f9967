package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;

/** What {@code perigee doctor} makes of what it saw; it asks nobody itself. */
final class DoctorPolicy {
  private static final Duration SOON = Duration.ofDays(21);
  private static final Duration TOKEN_SOON = Duration.ofDays(7);
  private static final Duration SKEW = Duration.ofSeconds(5);
  private static final Duration MUCH_SKEW = Duration.ofMinutes(1);
  private static final int OLD_GEOIP_DAYS = 60;
  private static final long MANY_FILES = 65_536;
  private static final long FEW_FILES = 4_096;
  private static final long LITTLE_SPACE = 1L << 30;
  private static final List<String> FOR_TRIALS =
      List.of(
          "example",
          "example.com",
          "example.net",
          "example.org",
          "invalid",
          "local",
          "localhost",
          "test");

  private DoctorPolicy() {}

  /** This machine's clock beside the control plane's (RFC 9110, section 6.6.1). */
  static Finding clock(Optional<String> date, Instant now) {
    try {
      Instant theirs = DateTimeFormatter.RFC_1123_DATE_TIME.parse(date.orElse(""), Instant::from);
      Duration skew = Duration.between(theirs, now);
      String says =
          "%d s %s".formatted(skew.abs().toSeconds(), skew.isNegative() ? "behind" : "ahead");
      String todo = "set the clocks of both by NTP: certificates and tokens go by them";
      return skew.abs().compareTo(MUCH_SKEW) > 0
          ? Finding.fail("clock", says, todo)
          : skew.abs().compareTo(SKEW) > 0
              ? Finding.warn("clock", says, todo)
              : Finding.ok("clock", "as the control plane's");
    } catch (DateTimeException e) {
      return Finding.warn(
          "clock", "the answer has no date", "is a proxy in between that drops it?");
    }
  }

  /** How the API is reached. */
  static Finding transport(URI base, List<X509Certificate> chain, Instant now) {
    String what = "certificate of the API";
    if (chain.isEmpty()) {
      return isLoopback(base)
          ? Finding.ok(what, "none, on loopback")
          : Finding.warn(
              what,
              "none: the token goes there in the clear",
              "give the control plane --api-certificate and --api-key, and use https://");
    }
    Instant end = chain.getFirst().getNotAfter().toInstant();
    return expiry(what, end, now, "put a newer one where --api-certificate points");
  }

  private static boolean isLoopback(URI base) {
    try {
      return InetAddress.getByName(base.getHost()).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** Whether a certificate ends soon. */
  static Finding expiry(String what, Instant end, Instant now, String todo) {
    Duration left = Duration.between(now, end);
    String says = "valid until " + end;
    if (left.isNegative()) {
      return Finding.fail(what, "expired at " + end, todo);
    }
    return left.compareTo(SOON) < 0
        ? Finding.warn(what, says + ", " + left.toDays() + " days", todo)
        : Finding.ok(what, says);
  }

  /** Whose the token is, and for how long. */
  static Finding token(JsonNode self, Instant now) {
    String says = self.path("name").asText() + ", " + self.path("role").asText();
    Optional<Instant> end = instant(self.path("expiresAt").asText());
    if (end.isPresent() && Duration.between(now, end.get()).compareTo(TOKEN_SOON) < 0) {
      return Finding.warn(
          "token", says + ", expires at " + end.get(), "have a new one made: perigee token add");
    }
    return Finding.ok("token", says);
  }

  private static Optional<Instant> instant(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** Nodes, each as the control plane sees it. */
  static List<Finding> nodes(JsonNode nodes) {
    List<Finding> all = new ArrayList<>();
    StringJoiner well = new StringJoiner(" ").setEmptyValue("none");
    for (JsonNode node : nodes.path("items")) {
      String name = node.path("name").asText();
      if (!node.path("enrolled").asBoolean()) {
        all.add(
            Finding.warn(
                "node " + name, "never started", "perigee node join-token " + name + " says how"));
      } else if (!node.path("connected").asBoolean()) {
        all.add(
            Finding.fail(
                "node " + name,
                "is not connected",
                "look at its log: can it reach the control plane's gRPC port?"));
      } else if (!node.path("healthy").asBoolean()) {
        all.add(
            Finding.fail(
                "node " + name,
                "is unhealthy: " + node.path("healthDetail").asText(),
                "perigee steer explain shows who reaches it; look at its log"));
      } else {
        well.add(name);
      }
    }
    all.addFirst(Finding.ok("nodes that serve", well.toString()));
    return all;
  }

  /** The sites' certificates. */
  static List<Finding> certificates(JsonNode certificates, Instant now) {
    List<Finding> all = new ArrayList<>();
    for (JsonNode one : certificates.path("items")) {
      String what = "certificate of " + Commands.joined(one.path("hosts"));
      instant(one.path("notAfter").asText())
          .map(end -> expiry(what, end, now, "upload a newer one: perigee cert add"))
          .filter(finding -> finding.level() != Finding.Level.OK)
          .ifPresent(all::add);
    }
    if (all.isEmpty()) {
      String count = certificates.path("items").size() + ", none expires soon";
      all.add(Finding.ok("certificates of sites", count));
    }
    return all;
  }

  /** Whether a zone is under a name that nobody delegates (RFC 6761, RFC 6762). */
  static boolean isForTrials(String zone) {
    return FOR_TRIALS.stream().anyMatch(name -> ("." + zone).endsWith("." + name));
  }

  /** What a check of the zone's delegation found, as one of the doctor's. */
  static Finding delegation(String zone, Delegation.Finding found) {
    String what = "zone %s, %s".formatted(zone, found.about());
    return switch (found.level()) {
      case OK -> Finding.ok(what, found.says());
      case WARNING -> Finding.warn(what, found.says(), found.todo());
      case ERROR -> Finding.fail(what, found.says(), found.todo());
    };
  }

  /** How old it is that readers' places are known by. */
  static Finding geoip(JsonNode status) {
    if (!status.has("geoipAgeDays")) {
      return Finding.warn("GeoIP", "none", "give the control plane --geoip-database");
    }
    long days = status.path("geoipAgeDays").asLong();
    return days > OLD_GEOIP_DAYS
        ? Finding.warn("GeoIP", days + " days old", "perigee geo update puts a newer one there")
        : Finding.ok("GeoIP", days + " days old");
  }

  /** How many files a process that is started like this one may have open. */
  static Finding openFiles(long limit) {
    String todo = "ulimit -n 1048576, or LimitNOFILE= of its unit: a connection is a file";
    return limit < FEW_FILES
        ? Finding.fail("open files", "at most " + limit, todo)
        : limit < MANY_FILES
            ? Finding.warn("open files", "at most " + limit, todo)
            : Finding.ok("open files", "at most " + limit);
  }

  /** Room for a state folder. */
  static Finding space(String folder, long usable, long total) {
    String what = "room in " + folder;
    String says =
        "%d MiB of %d MiB (%d %%)"
            .formatted(usable >> 20, total >> 20, total == 0 ? 0 : 100 * usable / total);
    String todo = "make room: what is full refuses changes, and caches store nothing";
    return usable < LITTLE_SPACE
        ? Finding.fail(what, says, todo)
        : usable < total / 20 ? Finding.warn(what, says, todo) : Finding.ok(what, says);
  }
}
