package dev.perigee.control;

import dev.perigee.control.dns.DnsCounters;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.fleet.FleetView.NodeState;
import dev.perigee.control.lastgood.LastGoodKeeper;
import dev.perigee.control.steer.HttpSteering;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.CertificateCounts;
import dev.perigee.control.store.StoreException;
import dev.perigee.control.telemetry.ControlMetrics;
import dev.perigee.control.telemetry.MetricsListener;
import dev.perigee.control.tls.CertificateSource;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The figures of this process, and the port at which they are read. */
record Metering(Options options, Running running, ControlMetrics metrics) {
  private static final Logger LOG = LoggerFactory.getLogger(Metering.class);
  private static final long COUNT_MILLIS = 10_000;
  private static final String QUERIES = "perigee_dns_answers_total";

  /** Of the process alone. */
  static Metering of(Options options, Running running) {
    return new Metering(options, running, new ControlMetrics());
  }

  private static double seconds(Duration time) {
    return Math.max(0, time.toMillis()) / 1e3;
  }

  /** Steering, and the nodes as it sees them. */
  void steering(SteeringParts parts) {
    metrics.gauge(
        "perigee.snapshot.age.seconds",
        "Since the database last said how far its log is.",
        () -> seconds(parts.position().age(running.clock().instant())));
    metrics.gauge(
        "perigee.snapshot.revision",
        "Of the log, that answers are made of.",
        () -> parts.steering().snapshot().revision());
    metrics.gauge(
        "perigee.snapshot.lag.revisions",
        "Changes in the log that answers are not made of yet.",
        () -> Math.max(0, parts.position().revision() - parts.steering().snapshot().revision()));
    parts
        .geo()
        .ifPresent(
            file ->
                metrics.gauge(
                    "perigee.geoip.age.seconds",
                    "Since the GeoIP file of cities was built.",
                    () -> seconds(file.age())));
    nodes(parts, "serving", one -> isWanted(one) && one.serving());
    nodes(parts, "unhealthy", one -> isWanted(one) && !one.serving());
    nodes(parts, "draining", one -> one.node().enrolled() && one.node().draining());
    nodes(parts, "not_enrolled", one -> !one.node().enrolled());
  }

  private static boolean isWanted(SteeredNode one) {
    return one.node().enrolled() && !one.node().draining();
  }

  private void nodes(SteeringParts parts, String state, Predicate<SteeredNode> which) {
    metrics.gauge(
        "perigee.nodes",
        "Nodes, as readers are steered to them.",
        "state",
        state,
        () -> parts.steering().snapshot().nodes().stream().filter(which).count());
  }

  /** The streams of nodes that are here. */
  void streams(Fleet fleet, LogPosition position) {
    metrics.gauge(
        "perigee.streams",
        "Nodes whose streams are connected here.",
        () -> fleet.own().stream().map(fleet::own).filter(NodeState::connected).count());
    metrics.gauge(
        "perigee.streams.lag.revisions",
        "Changes in the log that the last of those nodes has not applied yet.",
        () ->
            fleet.own().stream()
                .map(fleet::own)
                .filter(NodeState::connected)
                .mapToLong(node -> Math.max(0, position.revision() - node.revision()))
                .max()
                .orElse(0));
  }

  /** The sites' certificates. */
  void certificates(CertificateCounts counts) {
    AtomicReference<CertificateCounts.Counts> last =
        new AtomicReference<>(CertificateCounts.Counts.NONE);
    running.every(
        "count-certificates",
        COUNT_MILLIS,
        () -> {
          try {
            last.set(counts.at(running.clock().instant()));
          } catch (StoreException e) {
            LOG.debug("certificates are counted once the database answers", e);
          }
        });
    metrics.gauge("perigee.certificates", "Certificates of the sites.", () -> last.get().all());
    metrics.gauge(
        "perigee.certificates.expiring",
        "Those that have expired, or will so soon that somebody has to see to it.",
        () -> last.get().expiring());
    metrics.gauge(
        "perigee.certificates.first.expiry.seconds",
        "Until the first of them expires; less than 0 where it has.",
        () ->
            last.get()
                .first()
                .map(end -> Duration.between(running.clock().instant(), end).toMillis() / 1e3)
                .orElse(Double.NaN));
    metrics.gauge(
        "perigee.acme.failing",
        "Sites whose last order of a certificate failed.",
        () -> last.get().failing());
  }

  /** The DNS server. */
  void dns(DnsCounters counters) {
    metrics.text(() -> answers(counters));
    String dropped = "perigee.dns.dropped";
    String drops = "Packets that got no answer.";
    metrics.counter(dropped, drops, "reason", "no_query", counters::ignored);
    metrics.counter(dropped, drops, "reason", "rate", counters::dropped);
    String limited = "perigee.dns.limited";
    String limits = "Answers above the rate of a network that were cut, or told to bring a cookie.";
    metrics.counter(limited, limits, "how", "truncated", counters::slipped);
    metrics.counter(limited, limits, "how", "badcookie", counters::badCookies);
    metrics.counter(
        "perigee.dns.malformed", "Queries that were told FORMERR.", counters::malformed);
    metrics.counter(
        "perigee.dns.truncated", "Answers too long for their asker.", counters::truncated);
    metrics.counter("perigee.dns.failed", "Faults of the server's own.", counters::failed);
    String cookies = "perigee.dns.cookies";
    String brought = "Queries with a cookie.";
    metrics.counter(cookies, brought, "kind", "good", counters::cookiesGood);
    metrics.counter(cookies, brought, "kind", "other", counters::cookiesOther);
    String signatures = "perigee.dns.signatures";
    String signed = "Signatures that were made, were kept from before, or were too many.";
    metrics.counter(signatures, signed, "how", "made", counters::signaturesMade);
    metrics.counter(signatures, signed, "how", "kept", counters::signaturesKept);
    metrics.counter(signatures, signed, "how", "refused", counters::unsigned);
    steered("dns", "nearest", counters::steered);
    steered("dns", "fallback", counters::fallback);
    steered("dns", "nowhere", counters::nowhere);
  }

  private void steered(String by, String kind, DoubleSupplier count) {
    metrics.counter(
        "perigee.steered." + by,
        "Where readers were sent: to the nearest healthy node, as a fallback, or nowhere.",
        "kind",
        kind,
        count);
  }

  private static String answers(DnsCounters counters) {
    StringBuilder out = new StringBuilder();
    out.append("# HELP ").append(QUERIES).append(" Answers that were sent.\n");
    out.append("# TYPE ").append(QUERIES).append(" counter\n");
    counters.each(
        (transport, type, code, count) ->
            out.append(QUERIES)
                .append(
                    "{transport=\"%s\",type=\"%s\",rcode=\"%s\"} %d\n"
                        .formatted(transport, type, code, count)));
    return out.toString();
  }

  /** HTTP steering. */
  void redirects(HttpSteering steering) {
    steered("http", "nearest", steering::steered);
    steered("http", "fallback", steering::fallback);
    steered("http", "nowhere", steering::nowhere);
  }

  /** A certificate that a port of this process shows. */
  void certificate(String port, CertificateSource source) {
    metrics.gauge(
        "perigee.certificate.expires.seconds",
        "Until the certificate of a port of this process expires; negative once it has.",
        "port",
        port,
        () -> Duration.between(running.clock().instant(), source.ends()).toMillis() / 1e3);
  }

  /** What a process without the API keeps on its disk. */
  void lastGood(LastGoodKeeper keeper) {
    metrics.gauge(
        "perigee.last.good.age.seconds",
        "Since what is answered from was last written to disk.",
        () -> seconds(Duration.between(keeper.writtenAt(), running.clock().instant())));
  }

  /** Opens the port; gives what to say of it, with a space before it. */
  String start() throws IOException {
    MetricsListener listener =
        running.keep(new MetricsListener(options.adminBind, options.adminPort, metrics));
    Running.named("metrics " + options.adminBind + ":" + options.adminPort, listener::start);
    return " metrics=http://%s:%d/metrics".formatted(options.adminBind, listener.port());
  }
}
