package dev.perigee.control.stream;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.OriginHealth;
import dev.perigee.contract.replica.v1.FleetExchangeGrpc;
import dev.perigee.contract.replica.v1.NodeReports;
import dev.perigee.contract.replica.v1.OriginsRequest;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.pki.ControlIdentity;
import dev.perigee.control.pki.FleetTrust;
import dev.perigee.control.store.Replica;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One link to each other control plane on the same database, over which it says how its nodes do;
 * mutual TLS with certificates of the edge authority.
 */
public final class ReplicaLinks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicaLinks.class);
  private static final long ORIGINS_MILLIS = 1_000;

  /** Who says nothing for so long is not heard: less than makes a node silent. */
  private static final Duration HEARD = Duration.ofSeconds(2);

  private final String self;
  private final Fleet fleet;
  private final BiConsumer<String, FromEdge.Demands> demands;
  private final InstantSource clock;
  private final ControlIdentity identity;
  private final FleetTrust trust;
  private final Map<String, ReplicaLink> links = new ConcurrentHashMap<>();

  /**
   * No links yet.
   *
   * @param self id of this control plane
   * @param identity what it shows
   * @param trust whom it believes
   * @param demands told what nodes want of limits that all share
   */
  public ReplicaLinks(
      String self,
      ControlIdentity identity,
      FleetTrust trust,
      Fleet fleet,
      BiConsumer<String, FromEdge.Demands> demands,
      InstantSource clock) {
    this.self = self;
    this.fleet = fleet;
    this.demands = demands;
    this.clock = clock;
    this.identity = identity;
    this.trust = trust;
  }

  /** A new one for each connection: a session that is resumed shows the certificate before. */
  private SslContext tls() {
    try {
      return GrpcSslContexts.forClient().trustManager(trust).keyManager(identity).build();
    } catch (SSLException e) {
      throw new IllegalStateException("this Java has no TLS for clients", e);
    }
  }

  /** Links to those that live and to nobody else. */
  public synchronized void follow(List<Replica> living) {
    Map<String, Replica> wanted = new HashMap<>();
    living.stream()
        .filter(replica -> !replica.id().equals(self))
        .forEach(replica -> wanted.put(replica.id(), replica));
    fleet.probes().living(wanted.keySet());
    links.entrySet().removeIf(link -> closedUnless(wanted.containsKey(link.getKey()), link));
    wanted.forEach((id, replica) -> links.computeIfAbsent(id, any -> begin(replica)));
  }

  /** Whether more than half of all that live, this one among them, were heard after a time. */
  public boolean hearsQuorumSince(Instant time) {
    long heard = links.values().stream().filter(link -> link.isHeardSince(time)).count();
    return 2 * (heard + 1) > links.size() + 1;
  }

  /** Whether any other one said something lately. */
  public boolean isAnyHeard() {
    Instant lately = clock.instant().minus(HEARD);
    return links.values().stream().anyMatch(link -> link.isHeardSince(lately));
  }

  /**
   * Whether the probes of those that live count, also as unheard, or nobody's but those from here.
   */
  public synchronized void countOthers(boolean all) {
    fleet.probes().living(all ? links.keySet() : Set.of());
  }

  private static boolean closedUnless(boolean wanted, Map.Entry<String, ReplicaLink> link) {
    if (!wanted) {
      link.getValue().close();
    }
    return !wanted;
  }

  private ReplicaLink begin(Replica other) {
    ReplicaLink link = new ReplicaLink(self, other, this::tls, fleet, demands, clock);
    Thread.ofVirtual().name("replica-link-" + other.address()).start(link);
    return link;
  }

  /** How the nodes of the others see the origins of a site; who does not answer is left out. */
  public Map<String, OriginHealth> origins(String site) {
    OriginsRequest request = OriginsRequest.newBuilder().setSite(site).build();
    Map<String, OriginHealth> seen = new HashMap<>();
    List<Thread> asked = new ArrayList<>();
    for (ReplicaLink link : links.values()) {
      asked.add(
          Thread.ofVirtual()
              .name("replica-origins")
              .start(
                  () -> {
                    Map<String, OriginHealth> some = origins(link, request);
                    synchronized (seen) {
                      seen.putAll(some);
                    }
                  }));
    }
    try {
      for (Thread one : asked) {
        one.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (seen) {
      return Map.copyOf(seen);
    }
  }

  private static Map<String, OriginHealth> origins(ReplicaLink link, OriginsRequest request) {
    Map<String, OriginHealth> seen = new HashMap<>();
    link.channel()
        .ifPresent(
            channel -> {
              try {
                NodeReports reports =
                    FleetExchangeGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(ORIGINS_MILLIS, TimeUnit.MILLISECONDS)
                        .origins(request);
                reports
                    .getNodesList()
                    .forEach(
                        report ->
                            ReportCodec.origins(report)
                                .forEach(health -> seen.put(report.getNode(), health)));
              } catch (StatusRuntimeException | IllegalArgumentException e) {
                LOG.debug("a control plane says nothing of origins", e);
              }
            });
    return seen;
  }

  @Override
  public synchronized void close() {
    links.values().forEach(ReplicaLink::close);
    links.clear();
  }
}
