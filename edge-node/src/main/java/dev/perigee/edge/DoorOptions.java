package dev.perigee.edge;

import dev.perigee.edge.listener.DoorLimits;
import dev.perigee.edge.policy.LoadConfig;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What one client may take of the node, each limit with its key; part of {@link LimitOptions}. */
final class DoorOptions {
  /** One address has this part of what the node has, where nothing else is said. */
  private static final int SHARE = 10;

  /** Less would shut out people behind one address. */
  private static final int LEAST_SHARE = 1000;

  private static final long MOST_UNSENT = 1L << 30;

  /** As much as goes at once. */
  private static final long LEAST_BANDWIDTH = 64 << 10;

  @Option(
      names = "--max-connections-per-address",
      description =
          "Connections of one client's address; further ones are closed. Default a tenth of"
              + " --max-connections, 1000 at least.")
  @Nullable Integer addressConnections;

  @Option(
      names = "--max-requests-per-address",
      description =
          "Requests of one client's address being answered; further ones get 429. Default a tenth"
              + " of --max-requests, 1000 at least.")
  @Nullable Integer addressRequests;

  @Option(
      names = "--address-prefix-ipv4",
      defaultValue = "32",
      description = "Leading bits of an IPv4 address that make out one client.")
  int ipv4Bits;

  @Option(
      names = "--address-prefix-ipv6",
      defaultValue = "64",
      description = "Leading bits of an IPv6 address that make out one client.")
  int ipv6Bits;

  @Option(
      names = "--min-body-rate",
      defaultValue = "256",
      converter = EdgeOptions.SizeConverter.class,
      description =
          "Bytes a second in which a request's body must come, after --pace-grace; slower ones get"
              + " 408. 0 for any.")
  ByteSize bodyRate = new ByteSize(256);

  @Option(
      names = "--min-reader-rate",
      defaultValue = "256",
      converter = EdgeOptions.SizeConverter.class,
      description =
          "Bytes a second in which a response must be taken, after --pace-grace; slower readers'"
              + " connections are closed. 0 for any.")
  ByteSize readerRate = new ByteSize(256);

  @Option(
      names = "--pace-grace",
      defaultValue = "10s",
      converter = EdgeOptions.SpanConverter.class,
      description = "Before a body or a reader is too slow.")
  TimeSpan grace = TimeSpan.parse("10s");

  @Option(
      names = "--http2-max-streams",
      defaultValue = "128",
      description = "Requests of one HTTP/2 connection at once; further ones get 503.")
  int streams;

  @Option(
      names = "--http2-max-resets",
      defaultValue = "200",
      description =
          "Streams of one HTTP/2 connection that its client resets, or makes the node reset, in 30"
              + " seconds; with more it is closed.")
  int resets;

  @Option(
      names = "--http2-max-control-frames",
      defaultValue = "1000",
      description =
          "PING, SETTINGS, PRIORITY, empty DATA or unknown frames, of each kind, on one HTTP/2"
              + " connection in 30 seconds; with more it is closed.")
  int controlFrames;

  @Option(
      names = "--max-handshakes",
      description =
          "TLS handshakes under way; further connections are closed. Default a quarter of"
              + " --max-connections.")
  @Nullable Integer handshakes;

  @Option(
      names = "--max-requests-per-site",
      description =
          "Requests of one site being answered; further ones get 503. Default half of"
              + " --max-requests.")
  @Nullable Integer siteRequests;

  @Option(
      names = "--min-fetches-per-site",
      defaultValue = "1000",
      description =
          "Fetches that one site may always have under way, however slow its origins have become;"
              + " fewer protect small origins, and shed more where requests differ in cost.")
  int leastFetches;

  @Option(
      names = "--max-fetches-per-site",
      defaultValue = "10000",
      description =
          "Fetches of one site under way before its origins answer; fewer where more would be"
              + " slower. Further ones get 503.")
  int mostFetches;

  @Option(
      names = "--max-bandwidth-per-site",
      defaultValue = "0",
      converter = EdgeOptions.SizeConverter.class,
      description =
          "Bytes a second that one site's readers get of this node, where its owner has not set its"
              + " bandwidth; 64k at least, 0 for any number. Who has to wait for them waits;"
              + " while that would be for more than 10 s, further requests get 503.")
  ByteSize siteBandwidth = new ByteSize(0);

  @Option(
      names = "--max-bandwidth-per-address",
      defaultValue = "0",
      converter = EdgeOptions.SizeConverter.class,
      description =
          "Bytes a second that one client's address gets of this node, over all its connections;"
              + " 64k at least, 0 for any number. Who has to wait for them waits, and is not"
              + " refused.")
  ByteSize addressBandwidth = new ByteSize(0);

  @Option(
      names = "--max-unsent",
      defaultValue = "128k",
      converter = EdgeOptions.SizeConverter.class,
      description =
          "Bytes of a response that wait in the system to be sent on one connection, beyond those"
              + " on their way; 0 for as many as the system likes. Linux only.")
  ByteSize unsent = new ByteSize(128 * 1024);

  /** What is wrong with them, a sentence. */
  Optional<String> problem() {
    boolean positive =
        Stream.of(streams, resets, controlFrames, leastFetches).allMatch(count -> count >= 1)
            && Stream.of(addressConnections, addressRequests, handshakes, siteRequests)
                .allMatch(count -> count == null || count >= 1);
    if (!positive) {
      return Optional.of(
          "--max-*-per-*, --min-fetches-per-site, --max-handshakes, --http2-max-*: each must be at"
              + " least 1.");
    }
    if (mostFetches < leastFetches) {
      return Optional.of("--max-fetches-per-site: it must be at least --min-fetches-per-site.");
    }
    if (Stream.of(siteBandwidth, addressBandwidth).anyMatch(DoorOptions::isTooLow)) {
      return Optional.of("--max-bandwidth-per-*: it must be 0 or at least 64k.");
    }
    if (unsent.bytes() > MOST_UNSENT) {
      return Optional.of("--max-unsent: it must be at most 1g.");
    }
    if (ipv4Bits < 1 || ipv4Bits > 32 || ipv6Bits < 1 || ipv6Bits > 128) {
      return Optional.of("--address-prefix-*: 1 to 32 bits of IPv4, 1 to 128 of IPv6.");
    }
    boolean high = Math.max(bodyRate.bytes(), readerRate.bytes()) > 1 << 20;
    if (high || grace.duration().isZero()) {
      return Optional.of("--min-*-rate: it must be at most 1m; --pace-grace: it must not be 0.");
    }
    return Optional.empty();
  }

  /**
   * For a node of that size.
   *
   * @param idle time-out; nobody saves up more patience than that
   */
  DoorLimits limits(int connections, int requests, Duration idle) {
    Duration most = List.of(grace.duration(), idle).stream().max(Duration::compareTo).orElse(idle);
    return new DoorLimits(
        addressConnections(connections),
        addressRequests(requests),
        ipv4Bits,
        ipv6Bits,
        new DoorLimits.Pace(bodyRate.bytes(), grace.duration(), most),
        new DoorLimits.Pace(readerRate.bytes(), grace.duration(), most),
        streams,
        resets,
        controlFrames,
        handshakes(connections),
        addressBandwidth.bytes(),
        (int) unsent.bytes());
  }

  private static boolean isTooLow(ByteSize bandwidth) {
    return bandwidth.bytes() > 0 && bandwidth.bytes() < LEAST_BANDWIDTH;
  }

  LoadConfig load(int requests) {
    return new LoadConfig(siteRequests(requests), leastFetches, mostFetches, siteBandwidth.bytes());
  }

  private int siteRequests(int requests) {
    return siteRequests == null ? Math.max(1, requests / 2) : siteRequests;
  }

  private int addressConnections(int connections) {
    return addressConnections == null
        ? Math.max(LEAST_SHARE, connections / SHARE)
        : addressConnections;
  }

  private int addressRequests(int requests) {
    return addressRequests == null ? Math.max(LEAST_SHARE, requests / SHARE) : addressRequests;
  }

  private int handshakes(int connections) {
    return handshakes == null ? Math.max(1, connections / 4) : handshakes;
  }

  /** All of them in one line. */
  String effective(int connections, int requests) {
    return ("max-connections-per-address=%d max-requests-per-address=%d address-prefix-ipv4=%d"
            + " address-prefix-ipv6=%d min-body-rate=%s min-reader-rate=%s pace-grace=%s"
            + " http2-max-streams=%d http2-max-resets=%d http2-max-control-frames=%d"
            + " max-handshakes=%d max-requests-per-site=%d min-fetches-per-site=%d"
            + " max-fetches-per-site=%d max-bandwidth-per-site=%s max-bandwidth-per-address=%s"
            + " max-unsent=%s")
        .formatted(
            addressConnections(connections),
            addressRequests(requests),
            ipv4Bits,
            ipv6Bits,
            bodyRate,
            readerRate,
            grace,
            streams,
            resets,
            controlFrames,
            handshakes(connections),
            siteRequests(requests),
            leastFetches,
            mostFetches,
            siteBandwidth,
            addressBandwidth,
            unsent);
  }
}
