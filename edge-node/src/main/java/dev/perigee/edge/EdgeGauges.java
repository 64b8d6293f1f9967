package dev.perigee.edge;

import dev.perigee.contract.FromEdge.GeoOutcome;
import dev.perigee.contract.GeoKind;
import dev.perigee.edge.config.ActiveConfig;
import dev.perigee.edge.config.ServingState;
import dev.perigee.edge.geo.GeoLocator;
import dev.perigee.edge.geo.GeoReceiver;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.listener.DoorReason;
import dev.perigee.edge.listener.EdgeListener;
import dev.perigee.edge.listener.tls.ServerTls;
import dev.perigee.edge.origin.FailureKind;
import dev.perigee.edge.origin.OriginClient;
import dev.perigee.edge.origin.PeerClient;
import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.origin.pool.ServerPool;
import dev.perigee.edge.pipeline.Pipeline;
import dev.perigee.edge.pipeline.Representations;
import dev.perigee.edge.pipeline.Warming;
import dev.perigee.edge.respond.TunnelTable;
import dev.perigee.edge.respond.coding.Compressor;
import dev.perigee.edge.respond.coding.Decodings;
import dev.perigee.edge.store.ChronicleResponseStore;
import dev.perigee.edge.telemetry.EdgeMetrics;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/** What the parts of a node count, by the names under which it is scraped. */
final class EdgeGauges {
  private final EdgeMetrics metrics;
  private final InstantSource clock;

  EdgeGauges(EdgeMetrics metrics, InstantSource clock) {
    this.metrics = metrics;
    this.clock = clock;
  }

  void geo(GeoLocator geo, GeoReceiver databases) {
    for (GeoKind kind : GeoKind.values()) {
      metrics.gauge(
          "perigee_geoip_age_seconds",
          "Since the maker built the GeoIP database that serves; NaN for none.",
          "kind",
          kind.token(),
          () ->
              geo.holding(kind)
                  .map(held -> (double) (clock.millis() / 1000 - held.builtSeconds()))
                  .orElse(Double.NaN));
    }
    for (GeoOutcome outcome : List.of(GeoOutcome.TAKEN, GeoOutcome.TORN, GeoOutcome.REFUSED)) {
      metrics.counter(
          "perigee_geoip_transfers",
          "GeoIP databases from the control plane, by what became of them.",
          "outcome",
          outcome.name().toLowerCase(Locale.ROOT),
          () -> databases.count(outcome));
    }
  }

  void origins(OriginClient origin, OriginTable origins) {
    metrics.gauge(
        "perigee_origin_connections", "Open connections to origins.", origin::openConnections);
    metrics.gauge("perigee_origin_kept_bytes", "Of bodies, to send again.", origin::keptBytes);
    for (FailureKind kind : FailureKind.values()) {
      metrics.counter(
          "perigee_origin_failures",
          "Attempts without an answer.",
          "kind",
          kind.token(),
          () -> origin.failures(kind));
    }
    metrics.counter(
        "perigee_origin_retries", "Further attempts.", () -> sum(origins, ServerPool::retried));
    metrics.counter(
        "perigee_origin_ejections",
        "Servers left alone for what they answered.",
        () -> sum(origins, ServerPool::ejected));
    metrics.counter(
        "perigee_origin_breaker_trips",
        "Requests failed by a pool's limits.",
        () -> sum(origins, ServerPool::tripped));
  }

  private static long sum(OriginTable origins, ToLongFunction<ServerPool> count) {
    return origins.all().stream().flatMap(site -> site.all().stream()).mapToLong(count).sum();
  }

  void peers(EdgePeers peers) {
    PeerClient client = peers.peering().client();
    metrics.gauge("perigee_peer_connections", "Open connections to nodes.", peers::openConnections);
    metrics.counter("perigee_peer_requests", "To other nodes.", client::asked);
    metrics.counter("perigee_peer_failures", "Of other nodes.", client::failed);
    metrics.gauge("perigee_peers_in_trouble", "Nodes left alone.", client::inTrouble);
    metrics.gauge(
        "perigee_peer_requests_open", "Of other nodes, being answered.", peers::openRequests);
    metrics.gauge(
        "perigee_peer_requests_waiting",
        "Of other nodes, held until a purge comes.",
        peers.peering().gate()::waiting);
  }

  void limits(RateLimits limits) {
    metrics.gauge("perigee_limit_counts", "That there is room for.", limits::counts);
    metrics.counter(
        "perigee_limit_counts_put_out",
        "Counts that went for others and began anew.",
        limits::putOut);
    metrics.counter(
        "perigee_limit_uncounted",
        "Requests let in uncounted, for too many came for one place.",
        limits::notKept);
    metrics.gauge(
        "perigee_limit_reported",
        "Counts of shared limits in the last report.",
        limits.fleet()::reported);
  }

  void warming(Warming warming) {
    metrics.counter("perigee_warm_fetches", "Of URLs to be warmed.", warming::fetches);
    metrics.counter("perigee_warm_failures", "Of these fetches.", warming::failures);
  }

  void node(
      ChronicleResponseStore store,
      ServingState serving,
      ActiveConfig active,
      Pipeline pipeline,
      ServerTls tls) {
    metrics.gauge("perigee_store_objects", "Stored.", () -> store.statistics().objects());
    metrics.gauge("perigee_store_bytes", "Stored bodies.", () -> store.statistics().bytes());
    metrics.gauge(
        "perigee_store_queued_bytes", "To be written.", () -> store.statistics().queuedBytes());
    metrics.counter("perigee_store_evictions", "For room.", () -> store.statistics().evictions());
    metrics.counter(
        "perigee_store_broken", "Not what was written.", () -> store.statistics().broken());
    metrics.counter(
        "perigee_store_faults", "Refused by the disk.", () -> store.statistics().faults());
    metrics.gauge(
        "perigee_store_missing",
        "1 where nothing is stored, for the disk refused at the start.",
        () -> store.problem().isPresent() ? 1 : 0);
    metrics.gauge("perigee_store_open_shards", "Open.", () -> store.statistics().openShards());
    metrics.gauge(
        "perigee_store_index_bytes", "Heap of the index.", () -> store.statistics().indexBytes());
    metrics.gauge("perigee_purge", "Last purge in force.", store::lastPurge);
    metrics.gauge("perigee_revision", "In force.", () -> active.get().revision());
    metrics.gauge("perigee_tls_names", "Kept ready for handshakes.", tls::names);
    metrics.gauge("perigee_connected", "To a control plane.", () -> serving.isConnected() ? 1 : 0);
    metrics.gauge("perigee_fetches", "Under way.", pipeline::openFetches);
    metrics.counter(
        "perigee_site_requests_refused",
        "Of sites that had as many as they may.",
        pipeline.load()::refusedRequests);
    metrics.counter(
        "perigee_site_writes_held_back",
        "Parts of responses that waited, for their site had sent as much as it may.",
        pipeline.load()::heldBack);
    metrics.counter(
        "perigee_fetches_shed",
        "That did not begin, for more would be slower.",
        pipeline.load()::shedFetches);
    TunnelTable tunnels = pipeline.tunnels();
    metrics.gauge("perigee_tunnels", "Open WebSockets.", tunnels::open);
    metrics.counter("perigee_tunnels_opened", "WebSockets.", tunnels::opened);
    metrics.counter("perigee_tunnels_refused", "For which there was no room.", tunnels::refused);
    metrics.gauge(
        "perigee_fill_held_bytes", "Of bodies in flight, in memory.", pipeline::heldBytes);
    metrics.counter(
        "perigee_tls_unrecognized_names",
        "Handshakes for a name without a certificate.",
        tls::unrecognizedNames);
    metrics.counter(
        "perigee_tls_refused_readers",
        "Handshakes that failed where readers are asked for certificates.",
        tls::refusedReaders);
  }

  void coding(Representations all) {
    Compressor compressor = all.compressor();
    Decodings decodings = all.decodings();
    metrics.counter("perigee_compressed", "Bodies compressed and stored.", compressor::compressed);
    metrics.counter("perigee_compressed_bytes_before", "Of these bodies.", compressor::bytesIn);
    metrics.counter("perigee_compressed_bytes_after", "Of these bodies.", compressor::bytesOut);
    metrics.counter(
        "perigee_compress_busy", "Times that as many bodies waited as may.", compressor::busy);
    metrics.counter(
        "perigee_compress_futile", "Bodies that did not get smaller.", compressor::futile);
    metrics.counter(
        "perigee_compress_failures", "Bodies not read, compressed or stored.", compressor::failed);
    metrics.gauge(
        "perigee_compress_waiting", "Bodies that wait or are compressed.", compressor::waiting);
    metrics.counter("perigee_decompressed", "Responses for readers.", decodings::decoded);
    metrics.gauge("perigee_decompressions", "Under way.", decodings::open);
    metrics.counter(
        "perigee_decompressions_refused", "For which there was no room.", decodings::refused);
    metrics.counter(
        "perigee_decompressions_broken",
        "Ended incomplete: not of their coding, or too much.",
        decodings::broken);
  }

  void door(EdgeListener listener) {
    for (DoorReason reason : DoorReason.values()) {
      metrics.counter(
          "perigee_door_refusals",
          "Connections and requests that were turned away, or ended, at the door.",
          "reason",
          reason.token(),
          () -> listener.refused(reason));
    }
    metrics.gauge("perigee_door_handshakes", "TLS handshakes under way.", listener::handshakes);
    metrics.gauge(
        "perigee_door_addresses", "Clients' addresses with something open.", listener::visitors);
  }
}
