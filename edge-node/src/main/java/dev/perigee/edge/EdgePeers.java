package dev.perigee.edge;

import dev.perigee.edge.cache.HotSketch;
import dev.perigee.edge.config.ActiveConfig;
import dev.perigee.edge.config.Enrolment;
import dev.perigee.edge.config.PeerTls;
import dev.perigee.edge.config.ServingState;
import dev.perigee.edge.listener.PeerListener;
import dev.perigee.edge.origin.OriginClient;
import dev.perigee.edge.origin.OriginResolver;
import dev.perigee.edge.origin.PeerClient;
import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.pipeline.Peering;
import dev.perigee.edge.pipeline.Pipeline;
import dev.perigee.edge.pipeline.PurgeGate;
import dev.perigee.edge.store.ChronicleResponseStore;
import io.undertow.server.DefaultByteBufferPool;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.random.RandomGenerator;

/** The part of the composition root that has to do with other nodes. */
final class EdgePeers implements AutoCloseable {
  /** A whole TLS record: in less a large one would never be complete. */
  private static final int FETCH_BUFFER = 20 * 1024;

  private final EdgeOptions options;
  private final PeerTls tls;
  private final OriginClient connections;
  private final Peering peering;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("edge-peer-timer").daemon(true).factory());
  private Optional<PeerListener> listener = Optional.empty();

  EdgePeers(
      EdgeOptions options,
      Enrolment enrolment,
      ActiveConfig active,
      ChronicleResponseStore store,
      ServingState serving,
      InstantSource clock)
      throws GeneralSecurityException {
    this.options = options;
    tls = new PeerTls(enrolment::current, enrolment.trust(), () -> active.get().peers(), clock);
    OriginTable table = new OriginTable(RandomGenerator.getDefault());
    connections =
        new OriginClient(
            options.limits.peer(),
            table,
            new OriginResolver(Executors.newVirtualThreadPerTaskExecutor(), clock),
            tls.context(),
            new DefaultByteBufferPool(true, FETCH_BUFFER),
            clock,
            System::nanoTime);
    PurgeGate gate =
        new PurgeGate(
            store::position,
            timer,
            options.limits.peerPurgeWait.duration().toMillis(),
            serving::isConnected);
    PeerClient client = new PeerClient(connections, table, options.limits.peerPatience(), clock);
    peering = new Peering(client, gate, new HotSketch());
  }

  Peering peering() {
    return peering;
  }

  /** Purges have come into force. */
  void purged() {
    peering.gate().applied();
  }

  /** Lets other nodes in, where the node has a port for them. */
  void listen(Pipeline pipeline) {
    if (options.peerPort > 0) {
      PeerListener opened =
          new PeerListener(
              options.limits.peerListener(options),
              pipeline::handle,
              tls.context(),
              PeerTls.PROTOCOL,
              tls::node,
              new SecureRandom());
      opened.start();
      listener = Optional.of(opened);
    }
  }

  /** Open connections to other nodes. */
  int openConnections() {
    return connections.openConnections();
  }

  /** Requests of other nodes being answered. */
  long openRequests() {
    return listener.map(PeerListener::openRequests).orElse(0L);
  }

  void drain() {
    listener.ifPresent(PeerListener::drain);
  }

  @Override
  public void close() {
    listener.ifPresent(PeerListener::close);
    timer.shutdownNow();
  }
}
