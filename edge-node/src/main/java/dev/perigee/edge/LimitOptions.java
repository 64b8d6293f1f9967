package dev.perigee.edge;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.Limits;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.listener.ClientPolicy;
import dev.perigee.edge.listener.ListenerConfig;
import dev.perigee.edge.origin.OriginConfig;
import dev.perigee.edge.origin.PeerPatience;
import dev.perigee.edge.pipeline.PipelineConfig;
import dev.perigee.edge.respond.TunnelConfig;
import dev.perigee.edge.routing.WayPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The limits of the node, each with its key; part of {@link EdgeOptions}. */
final class LimitOptions {
  /** The control plane names the nodes, and no owner of a site. */
  private static final OriginAddressPolicy ANYWHERE =
      new OriginAddressPolicy(List.of(AddressRange.of("0.0.0.0/0"), AddressRange.of("::/0")), true);

  private static final long MOST_WINDOW = 1L << 30;
  private static final long MOST_HEADER = 1L << 20;
  private static final int LEAST_COUNTERS = 1024;
  private static final int MOST_COUNTERS = 1 << 24;
  private static final long MOST_BY_HEAP = 100_000;

  /** How often a quiet WebSocket is looked after within the idle time-out of its connection. */
  private static final int TOUCHES = 4;

  @Option(
      names = "--max-connections",
      description =
          "Readers' connections of one address and port; further ones wait. Default one for each"
              + " 16 KiB of the heap, 100000 at most.")
  @Nullable Integer maxConnections;

  @Option(
      names = "--max-requests",
      description =
          "Requests being answered; further ones get 503. Default one for each 96 KiB of the heap,"
              + " which is what a slow reader of a large body takes; 100000 at most.")
  @Nullable Integer maxRequests;

  @Option(
      names = "--max-header-size",
      defaultValue = "32k",
      converter = EdgeOptions.SizeConverter.class,
      description = "Bytes of one request's head.")
  ByteSize maxHeaderSize = new ByteSize(0);

  @Option(names = "--max-headers", defaultValue = "100", description = "Fields of one request.")
  int maxHeaders;

  @Option(
      names = "--head-timeout",
      defaultValue = "10s",
      converter = EdgeOptions.SpanConverter.class,
      description = "From a request's first byte to the end of its head.")
  TimeSpan headTimeout = TimeSpan.parse("10s");

  @Option(
      names = "--idle-timeout",
      defaultValue = "60s",
      converter = EdgeOptions.SpanConverter.class,
      description = "Between requests, and between two parts of a body.")
  TimeSpan idleTimeout = TimeSpan.parse("60s");

  @Option(
      names = "--limit-counters",
      defaultValue = "" + RateLimits.COUNTERS,
      description =
          "Counts that the sites' rate limits keep at once, 36 bytes each. Where there are more,"
              + " those that are soonest as good as new begin anew. Default ${DEFAULT-VALUE}.")
  int limitCounters = RateLimits.COUNTERS;

  @Option(
      names = "--slice-size",
      defaultValue = "4m",
      converter = EdgeOptions.SizeConverter.class,
      description =
          "Bytes of the slices in which a body is fetched where only a range of it is asked for; 0"
              + " fetches the whole. Default ${DEFAULT-VALUE}.")
  ByteSize sliceSize = new ByteSize(PipelineConfig.SLICE_BYTES);

  @Option(
      names = "--origin-connect-timeout",
      defaultValue = "3s",
      converter = EdgeOptions.SpanConverter.class,
      description = "For name, connection and handshake of one try.")
  TimeSpan originConnectTimeout = TimeSpan.parse("3s");

  @Option(
      names = "--origin-response-timeout",
      defaultValue = "30s",
      converter = EdgeOptions.SpanConverter.class,
      description = "From the request's end to the head of the answer.")
  TimeSpan originResponseTimeout = TimeSpan.parse("30s");

  @Option(
      names = "--origin-idle-timeout",
      defaultValue = "60s",
      converter = EdgeOptions.SpanConverter.class,
      description = "Between two parts of an origin's body.")
  TimeSpan originIdleTimeout = TimeSpan.parse("60s");

  @Option(
      names = "--origin-keep-alive",
      defaultValue = "30s",
      converter = EdgeOptions.SpanConverter.class,
      description = "How long an idle connection to an origin is kept.")
  TimeSpan originKeepAlive = TimeSpan.parse("30s");

  @Option(
      names = "--origin-max-connections",
      defaultValue = "10000",
      description = "Connections to all origins together.")
  int originMaxConnections;

  @Option(
      names = "--peer-connect-timeout",
      defaultValue = "500ms",
      converter = EdgeOptions.SpanConverter.class,
      description = "For connection and handshake of one try at another node.")
  TimeSpan peerConnectTimeout = TimeSpan.parse("500ms");

  @Option(
      names = "--peer-purge-wait",
      defaultValue = "500ms",
      converter = EdgeOptions.SpanConverter.class,
      description =
          "How long a request of another node waits for a purge that it knows of and this node does"
              + " not; then the origin answers it.")
  TimeSpan peerPurgeWait = TimeSpan.parse("500ms");

  @Option(
      names = "--peer-max-connections",
      defaultValue = "2000",
      description = "Connections to all other nodes together.")
  int peerMaxConnections;

  @Option(
      names = "--fill-window",
      defaultValue = "1m",
      converter = EdgeOptions.SizeConverter.class,
      description = "Bytes of one body in flight that are held in memory.")
  ByteSize fillWindow = new ByteSize(0);

  @Option(
      names = "--fill-memory",
      converter = EdgeOptions.SizeConverter.class,
      description = "Bytes of all bodies in flight held in memory; default a quarter of the heap.")
  @Nullable ByteSize fillMemory;

  @Option(
      names = "--max-flights",
      defaultValue = "100000",
      description = "Fetches that other requests can join.")
  int maxFlights;

  @Option(
      names = "--straggler-timeout",
      defaultValue = "10s",
      converter = EdgeOptions.SpanConverter.class,
      description = "How long one reader may hold up others where nothing is stored.")
  TimeSpan stragglerTimeout = TimeSpan.parse("10s");

  @Option(
      names = "--geoip-max-size",
      defaultValue = "256m",
      converter = EdgeOptions.SizeConverter.class,
      description =
          "Bytes of one GeoIP database that is taken from the control plane; 0 takes none. Default"
              + " ${DEFAULT-VALUE}.")
  ByteSize geoIpMaxSize = new ByteSize(256L << 20);

  @Option(
      names = "--max-tunnels",
      defaultValue = "10000",
      description = "Connections that became WebSockets; further ones get 503.")
  int maxTunnels;

  @Option(
      names = "--max-tunnels-per-site",
      defaultValue = "2000",
      description = "The same of one site.")
  int maxTunnelsPerSite;

  @Option(
      names = "--tunnel-idle-timeout",
      defaultValue = "5m",
      converter = EdgeOptions.SpanConverter.class,
      description = "How long a WebSocket may be quiet in both directions.")
  TimeSpan tunnelIdleTimeout = TimeSpan.parse("5m");

  @Mixin DoorOptions door = new DoorOptions();

  @Mixin CodingOptions coding = new CodingOptions();

  /** What is wrong with them, a sentence. */
  Optional<String> problem() {
    Optional<String> doors = door.problem().or(coding::problem);
    if (doors.isPresent()) {
      return doors;
    }
    if (Math.min(maxConnections(), maxRequests()) < 1 || Math.min(maxHeaders, maxFlights) < 1) {
      return Optional.of("--max-*: each must be at least 1.");
    }
    if (Math.min(maxTunnels, maxTunnelsPerSite) < 0) {
      return Optional.of("--max-tunnels: 0 for none, and never less.");
    }
    if (Math.min(originMaxConnections, peerMaxConnections) < 1) {
      return Optional.of("--origin-max-connections, --peer-max-connections: at least 1 each.");
    }
    if (maxHeaderSize.bytes() < 1024 || maxHeaderSize.bytes() > MOST_HEADER) {
      return Optional.of("--max-header-size: it must be 1k to 1m.");
    }
    if (fillWindow.bytes() < 64 * 1024 || fillWindow.bytes() > MOST_WINDOW) {
      return Optional.of("--fill-window: it must be 64k to 1g.");
    }
    if (fillMemory() < 1 << 20) {
      return Optional.of("--fill-memory: it must be at least 1m.");
    }
    if (limitCounters < LEAST_COUNTERS || limitCounters > MOST_COUNTERS) {
      return Optional.of("--limit-counters: it must be 1024 to 16777216.");
    }
    if (geoIpMaxSize.bytes() > Limits.GEO_FILE_BYTES) {
      return Optional.of("--geoip-max-size: it must be at most 1g.");
    }
    boolean none =
        List.of(
                headTimeout,
                idleTimeout,
                originConnectTimeout,
                originResponseTimeout,
                originIdleTimeout,
                originKeepAlive,
                peerConnectTimeout,
                stragglerTimeout,
                tunnelIdleTimeout)
            .stream()
            .anyMatch(span -> span.duration().isZero());
    return none ? Optional.of("--*-timeout: none may be 0.") : Optional.empty();
  }

  ListenerConfig listener(EdgeOptions options) {
    return new ListenerConfig(
        options.bind,
        options.httpPort,
        options.httpsPort,
        options.ioThreads,
        (int) maxHeaderSize.bytes(),
        maxHeaders,
        headTimeout.duration(),
        idleTimeout.duration(),
        maxConnections(),
        maxRequests(),
        options.layers.clients(),
        door.limits(maxConnections(), maxRequests(), idleTimeout.duration()));
  }

  OriginConfig origin(OriginAddressPolicy addresses) {
    return new OriginConfig(
        originConnectTimeout.duration(),
        originResponseTimeout.duration(),
        originIdleTimeout.duration(),
        originKeepAlive.duration(),
        OriginConfig.IDLE_PER_SERVER,
        originMaxConnections,
        addresses);
  }

  /** Where other nodes come in, as many as readers may. */
  ListenerConfig peerListener(EdgeOptions options) {
    return new ListenerConfig(
        options.peerAddresses(),
        -1,
        options.peerPort,
        options.ioThreads,
        (int) maxHeaderSize.bytes(),
        maxHeaders,
        headTimeout.duration(),
        idleTimeout.duration(),
        maxConnections(),
        maxRequests(),
        ClientPolicy.DIRECT);
  }

  /** How long nodes may take, which may have to ask the origin. */
  PeerPatience peerPatience() {
    Duration next = peerConnectTimeout.duration().multipliedBy(2L * WayPolicy.MAX_SHIELDS);
    return new PeerPatience(
        originConnectTimeout.duration(),
        originResponseTimeout.duration(),
        next.plus(peerPurgeWait.duration()));
  }

  /** The way to other nodes. */
  OriginConfig peer() {
    return new OriginConfig(
        peerConnectTimeout.duration(),
        originResponseTimeout.duration(),
        originIdleTimeout.duration(),
        originKeepAlive.duration(),
        OriginConfig.IDLE_PER_SERVER,
        peerMaxConnections,
        ANYWHERE);
  }

  PipelineConfig pipeline(String pseudonym) {
    return new PipelineConfig(
        pseudonym,
        (int) fillWindow.bytes(),
        fillMemory(),
        maxFlights,
        PipelineConfig.LONELY_BYTES,
        sliceSize.bytes(),
        stragglerTimeout.duration().toMillis(),
        new TunnelConfig(
            maxTunnels,
            maxTunnelsPerSite,
            tunnelIdleTimeout.duration(),
            idleTimeout.duration().dividedBy(TOUCHES)),
        door.load(maxRequests()),
        coding.config());
  }

  private int maxConnections() {
    return maxConnections == null ? byHeap(16 * 1024) : maxConnections;
  }

  private int maxRequests() {
    return maxRequests == null ? byHeap(96 * 1024) : maxRequests;
  }

  private static int byHeap(int bytesEach) {
    return (int) Math.min(MOST_BY_HEAP, Runtime.getRuntime().maxMemory() / bytesEach);
  }

  private long fillMemory() {
    return fillMemory == null ? Runtime.getRuntime().maxMemory() / 4 : fillMemory.bytes();
  }

  /** All of them in one line. */
  String effective() {
    return ("max-connections=%d max-requests=%d max-header-size=%s max-headers=%d head-timeout=%s"
                + " idle-timeout=%s origin-connect-timeout=%s origin-response-timeout=%s"
                + " origin-idle-timeout=%s origin-keep-alive=%s origin-max-connections=%d"
                + " peer-connect-timeout=%s peer-purge-wait=%s peer-max-connections=%d"
                + " fill-window=%s fill-memory=%d max-flights=%d straggler-timeout=%s slice-size=%s"
                + " geoip-max-size=%s"
                + " max-tunnels=%d max-tunnels-per-site=%d tunnel-idle-timeout=%s")
            .formatted(
                maxConnections(),
                maxRequests(),
                maxHeaderSize,
                maxHeaders,
                headTimeout,
                idleTimeout,
                originConnectTimeout,
                originResponseTimeout,
                originIdleTimeout,
                originKeepAlive,
                originMaxConnections,
                peerConnectTimeout,
                peerPurgeWait,
                peerMaxConnections,
                fillWindow,
                fillMemory(),
                maxFlights,
                stragglerTimeout,
                sliceSize,
                geoIpMaxSize,
                maxTunnels,
                maxTunnelsPerSite,
                tunnelIdleTimeout)
        + " "
        + door.effective(maxConnections(), maxRequests())
        + " "
        + coding.effective();
  }
}
