package dev.perigee.control;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.control.store.KeyRing;
import dev.perigee.control.store.PurgeLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The control plane's settings. */
final class Options {
  private static final long LEAST_PULSE = 100;
  private static final long MOST_PULSE = 60_000;
  private static final Pattern HOST_PORT =
      Pattern.compile("(?:\\[([0-9A-Fa-f:.]{2,45})\\]|([A-Za-z0-9._-]{1,253})):[0-9]{1,5}");

  @Option(names = "--state-dir", required = true, description = "where its files lie")
  Path stateDir = Path.of(".");

  @Option(
      names = {"--duties", "--roles"},
      split = ",",
      defaultValue = "api,dns,steer",
      converter = Duty.Converter.class,
      description = {
        "what it does; ${DEFAULT-VALUE}. api: API and console, the streams of edges; dns: the DNS",
        "server; steer: HTTP redirects. Without api it answers with the database down too, also",
        "when it starts then, from what was last good. --roles was its name once"
      })
  Set<Duty> duties = EnumSet.noneOf(Duty.class);

  @Option(
      names = "--database-url",
      description = {
        "jdbc:postgresql://HOST/NAME?user=USER; an embedded PostgreSQL where it is not given.",
        "Its password comes from the environment: PERIGEE_DATABASE_PASSWORD"
      })
  @Nullable String databaseUrl;

  /** Of the database that the URL names; never an option, as those can be seen by everybody. */
  String databasePassword = "";

  @Option(
      names = "--key-file",
      description = {
        "keys that private keys are sealed with in the database, a line ID:BASE64 of 32 bytes"
            + " each.",
        "The first seals, the others open what they sealed; at the start all is sealed anew with",
        "the first. Its mode is 600. Instead of a file its lines may be in the environment:",
        "PERIGEE_KEYS. All control planes on a database need the same"
      })
  @Nullable Path keyFile;

  /** What the environment has instead of such a file. */
  Optional<String> keyText = Optional.empty();

  @Option(names = "--api-bind", defaultValue = "127.0.0.1", description = "${DEFAULT-VALUE}")
  String apiBind = "";

  @Option(names = "--api-port", defaultValue = "7070", description = "${DEFAULT-VALUE}")
  int apiPort;

  @Option(names = "--grpc-bind", defaultValue = "127.0.0.1", description = "${DEFAULT-VALUE}")
  String grpcBind = "";

  @Option(names = "--grpc-port", defaultValue = "7443", description = "${DEFAULT-VALUE}")
  int grpcPort;

  @Option(
      names = "--grpc-name",
      description = "further name or address by which edges reach it; repeatable")
  List<String> grpcNames = new ArrayList<>();

  @Option(
      names = "--grpc-advertise",
      description = {
        "HOST:PORT by which edges and other control planes on the same database reach it;",
        "by default --grpc-bind, or the first --grpc-name where that is 0.0.0.0"
      })
  @Nullable String grpcAdvertise;

  @Option(
      names = "--edge-pulse",
      defaultValue = "500",
      description = {
        "milliseconds between two questions of an edge whether this one lives; ${DEFAULT-VALUE}.",
        "After two without an answer the edge moves to another one; where there is none it"
            + " asks a quarter as often"
      })
  long edgePulse;

  @Option(names = "--steer-bind", defaultValue = "127.0.0.1", description = "${DEFAULT-VALUE}")
  String steerBind = "";

  @Option(names = "--steer-port", defaultValue = "7080", description = "${DEFAULT-VALUE}")
  int steerPort;

  @Option(
      names = "--steer-default",
      defaultValue = "39.04,-77.49",
      description = "LAT,LON of clients whose position is unknown; ${DEFAULT-VALUE}")
  String steerDefault = "";

  @Option(
      names = "--admin-bind",
      defaultValue = "127.0.0.1",
      description = "address for metrics; ${DEFAULT-VALUE}: they say much")
  String adminBind = "";

  @Option(
      names = "--admin-port",
      defaultValue = "9091",
      description = "port for the same; ${DEFAULT-VALUE}")
  int adminPort;

  @Option(
      names = "--geoip-database",
      description = "city database, MaxMind's or flat records; edges are brought it too")
  @Nullable Path geoipDatabase;

  @Option(
      names = "--geoip-override",
      description = {
        "an operator's own database, of the same kinds, that is asked first; edges are brought it",
        "too, for the countries that it names"
      })
  @Nullable Path geoipOverride;

  @Option(
      names = "--geoip-asn-database",
      description = "database of autonomous systems, for the edges alone")
  @Nullable Path geoipAsnDatabase;

  @Option(
      names = "--allow-private-origins",
      description = "origins may have loopback, link-local and private addresses")
  boolean allowPrivateOrigins;

  @Option(
      names = "--allow-origin-ranges",
      split = ",",
      converter = RangeConverter.class,
      description = "address ranges that origins may have: 10.1.0.0/16,fd00:1::/32")
  List<AddressRange> allowOriginRanges = new ArrayList<>();

  @Option(
      names = "--purge-rate",
      defaultValue = "100",
      description = "purges a second of one site's owner in the long run; ${DEFAULT-VALUE}")
  int purgeRate;

  @Option(
      names = "--purge-burst",
      defaultValue = "1000",
      description = "purges of one site's owner at once after a pause; ${DEFAULT-VALUE}")
  int purgeBurst;

  @Option(
      names = "--purge-key-hours",
      defaultValue = "24",
      description = "hours for which an Idempotency-Key stands for its purge; ${DEFAULT-VALUE}")
  int purgeKeyHours;

  @Option(
      names = "--site-history",
      defaultValue = "100",
      description = "revisions of each site that are kept, at least 2; ${DEFAULT-VALUE}")
  int siteHistory;

  @Option(
      names = "--operator-token-file",
      description = "made with mode 600 where it is missing; STATE-DIR/token by default")
  @Nullable Path operatorTokenFile;

  @Option(
      names = "--log-keep",
      defaultValue = "1000000",
      description = {
        "purges, and changes, that are kept; ${DEFAULT-VALUE}. A node that missed more gets",
        "everything anew, and all it has counts as purged"
      })
  long logKeep;

  @Option(
      names = "--log-compact-every",
      defaultValue = "600",
      description = "seconds; ${DEFAULT-VALUE}")
  long logCompactEvery;

  @Option(
      names = "--log-window",
      defaultValue = "16",
      description = {
        "MiB of the newest purges that all streams of edges share in memory; ${DEFAULT-VALUE}.",
        "A stream that is further behind reads the database"
      })
  int logWindow;

  @Option(
      names = "--log-reads",
      defaultValue = "4",
      description = "streams of edges that read the database at one time; ${DEFAULT-VALUE}")
  int logReads;

  @Mixin DatabaseOptions database = new DatabaseOptions();

  @Mixin DnsOptions dns = new DnsOptions();

  @Mixin TenantOptions tenants = new TenantOptions();

  @Mixin SignInOptions signIn = new SignInOptions();

  @Mixin AcmeOptions acme = new AcmeOptions();

  @Mixin OwnAcmeOptions ownAcme = new OwnAcmeOptions();

  @Mixin ProbeOptions probes = new ProbeOptions();

  @Mixin TlsOptions tls = new TlsOptions();

  @Option(names = "--config", description = "properties file with these keys, without dashes")
  @Nullable Path config;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "this text")
  boolean help;

  boolean has(Duty duty) {
    return duties.contains(duty);
  }

  /** What private keys are sealed with. */
  KeyRing keys(SecureRandom random) throws IOException {
    if (keyFile != null && keyText.isPresent()) {
      throw new IOException("--key-file and " + KeyRing.VARIABLE + ": give one of them");
    }
    if (keyFile != null) {
      return KeyRing.of(keyFile, random);
    }
    return keyText.isPresent()
        ? KeyRing.parse(KeyRing.VARIABLE, keyText.get(), random)
        : KeyRing.none();
  }

  /** How often edges ask whether this one lives. */
  Duration pulse() throws IOException {
    if (edgePulse < LEAST_PULSE || edgePulse > MOST_PULSE) {
      throw new IOException(
          "--edge-pulse is from %d to %d milliseconds: %d"
              .formatted(LEAST_PULSE, MOST_PULSE, edgePulse));
    }
    return Duration.ofMillis(edgePulse);
  }

  /** HOST:PORT by which others reach the gRPC port, which is this one. */
  String reachable(int port) throws IOException {
    if (grpcAdvertise == null) {
      boolean everywhere = InetAddress.getByName(grpcBind).isAnyLocalAddress();
      String host = everywhere && !grpcNames.isEmpty() ? grpcNames.getFirst() : grpcBind;
      return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
    if (advertisedHost().isEmpty()) {
      throw new IOException("--grpc-advertise must be HOST:PORT: " + grpcAdvertise);
    }
    return grpcAdvertise;
  }

  /** The host of what is advertised, without brackets. */
  Optional<String> advertisedHost() {
    if (grpcAdvertise == null) {
      return Optional.empty();
    }
    Matcher matcher = HOST_PORT.matcher(grpcAdvertise);
    return matcher.matches()
        ? Optional.of(matcher.group(1) == null ? matcher.group(2) : matcher.group(1))
        : Optional.empty();
  }

  /** What is in force, without secrets, on one line. */
  String effective() {
    return ("duties=%s state-dir=%s database=%s key-file=%s api=%s:%d grpc=%s:%d steer=%s:%d"
            + " admin=%s:%d geoip=%s geoip-override=%s geoip-asn=%s allow-private-origins=%s"
            + " allow-origin-ranges=%s purge-rate=%d purge-burst=%d purge-key-hours=%d"
            + " site-history=%d edge-pulse-ms=%d log-keep=%d log-window-mib=%d log-reads=%d %s"
            + " %s %s %s %s %s %s %s")
        .formatted(
            Arrays.stream(Duty.values())
                .filter(this::has)
                .map(Duty::word)
                .collect(Collectors.joining(",")),
            stateDir,
            databaseUrl == null ? "embedded" : "external",
            keyFile != null ? keyFile : keyText.isPresent() ? "environment" : "none",
            apiBind,
            apiPort,
            grpcBind,
            grpcPort,
            steerBind,
            steerPort,
            adminBind,
            adminPort,
            geoipDatabase == null ? "none" : geoipDatabase,
            geoipOverride == null ? "none" : geoipOverride,
            geoipAsnDatabase == null ? "none" : geoipAsnDatabase,
            allowPrivateOrigins,
            allowOriginRanges,
            purgeRate,
            purgeBurst,
            purgeKeyHours,
            siteHistory,
            edgePulse,
            logKeep,
            logWindow,
            logReads,
            database.effective(),
            dns.effective(),
            tenants.effective(),
            signIn.effective(),
            acme.effective(),
            ownAcme.effective(),
            probes.effective(),
            tls.effective());
  }

  PurgeLimits purgeLimits() throws IOException {
    try {
      return new PurgeLimits(purgeRate, purgeBurst, Duration.ofHours(purgeKeyHours));
    } catch (IllegalArgumentException e) {
      throw new IOException("--purge-rate, --purge-burst and --purge-key-hours are at least 1", e);
    }
  }

  long logWindowBytes() throws IOException {
    if (logWindow < 1 || logWindow > 1024) {
      throw new IOException("--log-window is from 1 to 1024 MiB: " + logWindow);
    }
    return (long) logWindow << 20;
  }

  int logReads() throws IOException {
    if (logReads < 1) {
      throw new IOException("--log-reads is at least 1");
    }
    return logReads;
  }

  int siteHistory() throws IOException {
    if (siteHistory < 2) {
      throw new IOException("--site-history is at least 2");
    }
    return siteHistory;
  }

  OriginAddressPolicy originAddresses() {
    return new OriginAddressPolicy(allowOriginRanges, allowPrivateOrigins);
  }

  /** Reads one range of addresses. */
  static final class RangeConverter implements ITypeConverter<AddressRange> {
    @Override
    public AddressRange convert(String text) {
      return AddressRange.of(text);
    }
  }
}
