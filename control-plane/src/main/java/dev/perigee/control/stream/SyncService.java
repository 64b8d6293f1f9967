package dev.perigee.control.stream;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.GeoFile;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.TicketKey;
import dev.perigee.contract.sync.v1.EdgeMessage;
import dev.perigee.contract.sync.v1.EdgeSyncGrpc;
import dev.perigee.control.changelog.ChangeLog;
import dev.perigee.control.changelog.LogReader;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.limit.FleetLimits;
import dev.perigee.control.rollout.Rollouts;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.PostgresNodeStore;
import dev.perigee.control.store.PostgresNodeStore.Admission;
import dev.perigee.control.store.PurgeAcks;
import dev.perigee.control.store.PurgeStore;
import dev.perigee.control.store.StoreException;
import dev.perigee.control.store.WarmUpStore;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sync streams of all connected edges. What they are sent is encoded before gRPC gets it, once
 * for all of them.
 */
public final class SyncService implements BindableService {
  static final String NO_DATABASE = "the control plane's database does not answer";
  private static final Logger LOG = LoggerFactory.getLogger(SyncService.class);

  private static final MethodDescriptor<EdgeMessage, WireMessage> SYNC =
      EdgeSyncGrpc.getSyncMethod().toBuilder(
              EdgeSyncGrpc.getSyncMethod().getRequestMarshaller(), WireMessage.MARSHALLER)
          .build();

  private static final OutageLog UNNOTED =
      new OutageLog(LOG, "what nodes trust is noted on their next streams");

  private final Logs logs;
  private final SharedLog log;
  private final Fleet fleet;
  private final WarmJobs warmJobs;
  private final Supplier<List<GeoFile>> geoFiles;
  private final PurgeAcks acks;
  private final Rollouts rollouts;
  private final FleetLimits limits;
  private final Supplier<List<String>> replicas;
  private final Supplier<List<TicketKey>> ticketKeys;
  private final Supplier<Optional<FromControl.Trust>> trust;
  private final Supplier<FromControl.AcmeTokens> acmeTokens;
  private final Duration pulse;
  private final InstantSource clock;
  private final Map<String, EdgeStream> streams = new ConcurrentHashMap<>();

  /**
   * What streams read from.
   *
   * @param readsAtOnce streams that read the database at one time, for what is not shared
   */
  public record Logs(
      LogNumbers numbers,
      LogReader reader,
      int readsAtOnce,
      ChangeLog changes,
      PurgeStore purges,
      PostgresNodeStore nodes,
      WarmUpStore warmUps) {}

  /**
   * Streams that are not open yet.
   *
   * @param acks is told what nodes have in force
   * @param rollouts is told what canaries take, refuse and answer
   * @param limits divides what nodes share
   * @param geoFiles the GeoIP databases that edges are brought; asked often
   * @param replicas where all control planes listen for edges; asked often
   * @param ticketKeys that nodes seal session tickets with; asked often
   * @param trust whom nodes are to trust; asked often
   * @param acmeTokens that nodes answer to certificate authorities; asked often
   * @param pulse how often edges ask whether this one lives
   */
  public SyncService(
      Logs logs,
      Fleet fleet,
      PurgeAcks acks,
      Rollouts rollouts,
      FleetLimits limits,
      Supplier<List<GeoFile>> geoFiles,
      Supplier<List<String>> replicas,
      Supplier<List<TicketKey>> ticketKeys,
      Supplier<Optional<FromControl.Trust>> trust,
      Supplier<FromControl.AcmeTokens> acmeTokens,
      Duration pulse,
      InstantSource clock) {
    this.logs = logs;
    this.fleet = fleet;
    this.acks = acks;
    this.rollouts = rollouts;
    this.limits = limits;
    this.log = new SharedLog(logs.reader(), logs.changes(), logs.purges(), logs.readsAtOnce());
    this.warmJobs = new WarmJobs(logs.warmUps());
    this.geoFiles = geoFiles;
    this.replicas = replicas;
    this.ticketKeys = ticketKeys;
    this.trust = trust;
    this.acmeTokens = acmeTokens;
    this.pulse = pulse;
    this.clock = clock;
  }

  LogNumbers numbers() {
    return logs.numbers();
  }

  SharedLog log() {
    return log;
  }

  PostgresNodeStore nodes() {
    return logs.nodes();
  }

  PurgeAcks acks() {
    return acks;
  }

  WarmUpStore warmUps() {
    return logs.warmUps();
  }

  WarmJobs warmJobs() {
    return warmJobs;
  }

  Supplier<List<GeoFile>> geoFiles() {
    return geoFiles;
  }

  List<String> replicas() {
    return replicas.get();
  }

  List<TicketKey> ticketKeys() {
    return ticketKeys.get();
  }

  /** Whom nodes are to trust; empty where that is not known. */
  Optional<FromControl.Trust> trust() {
    return trust.get();
  }

  FromControl.AcmeTokens acmeTokens() {
    return acmeTokens.get();
  }

  Bytes limitKey() {
    return limits.key();
  }

  Duration pulse() {
    return pulse;
  }

  InstantSource clock() {
    return clock;
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(
            ServiceDescriptor.newBuilder(EdgeSyncGrpc.SERVICE_NAME).addMethod(SYNC).build())
        .addMethod(SYNC, ServerCalls.asyncBidiStreamingCall(this::sync))
        .build();
  }

  /** Whether a method is this one: what comes in is taken without ever waiting. */
  static boolean isSync(MethodDescriptor<?, ?> method) {
    return method.getFullMethodName().equals(SYNC.getFullMethodName());
  }

  private StreamObserver<EdgeMessage> sync(StreamObserver<WireMessage> out) {
    Optional<PeerCertificate.Peer> peer = PeerCertificate.current();
    return new Incoming((ServerCallStreamObserver<WireMessage>) out, peer);
  }

  /** Bytes that the node's stream was sent so far; 0 where it has none here. */
  long handed(String node) {
    EdgeStream stream = streams.get(node);
    return stream == null ? 0 : stream.handed();
  }

  void ended(EdgeStream stream) {
    if (streams.remove(stream.node(), stream)) {
      acks.left(stream.node());
    }
    fleet.lost(stream, stream.node());
    LOG.info("{} is disconnected", stream.node());
  }

  /** Ends every stream, so that edges look for another control plane. */
  public void endAll() {
    Status status = Status.UNAVAILABLE.withDescription("the control plane stops");
    streams.values().forEach(stream -> stream.end(status));
  }

  /**
   * What comes from one edge, one message after the other. It is heard on a thread of the network,
   * which ten thousand edges share: what may wait, for the database or for a log line, is taken on
   * another one, and the next message comes when it is done.
   */
  private final class Incoming implements StreamObserver<EdgeMessage> {
    private final ServerCallStreamObserver<WireMessage> out;
    private final Optional<PeerCertificate.Peer> peer;
    private volatile @Nullable EdgeStream stream;

    /** Set where the call was ended before it had a stream. */
    private volatile boolean refused;

    /** Set where the edge has gone, maybe while it was still let in. */
    private volatile boolean gone;

    Incoming(ServerCallStreamObserver<WireMessage> out, Optional<PeerCertificate.Peer> peer) {
      this.out = out;
      this.peer = peer;
      out.setOnReadyHandler(this::onReady);
      out.setOnCancelHandler(this::end);
      out.disableAutoRequest();
      out.request(1);
    }

    private void onReady() {
      EdgeStream now = stream;
      if (now != null) {
        now.onReady();
      }
    }

    @Override
    public void onNext(EdgeMessage message) {
      FromEdge said;
      try {
        said = SyncCodec.decode(message);
      } catch (IllegalArgumentException e) {
        refuse(Status.INVALID_ARGUMENT.withDescription(e.getMessage()));
        return;
      }
      if (mayWait(said)) {
        Thread.ofVirtual().name("hear-edge").start(() -> takeAside(said));
      } else {
        take(said);
      }
    }

    private static boolean mayWait(FromEdge said) {
      return switch (said) {
        case FromEdge.Ping ping -> false;
        case FromEdge.Heartbeat beat -> false;
        case FromEdge.PurgeAck ack -> false;
        case FromEdge.TokensHeld held -> false;
        case FromEdge.Ack ack -> !ack.refusals().isEmpty();
        case FromEdge.Hello hello -> true;
        case FromEdge.Nack nack -> true;
        case FromEdge.Warmed warmed -> true;
        case FromEdge.Demands demands -> true;
        case FromEdge.Trusted trusted -> true;
        case FromEdge.GeoReport report -> true;
      };
    }

    /** A fault there ends the call, as gRPC ends it for one here: nobody would ask for more. */
    private void takeAside(FromEdge said) {
      try {
        take(said);
      } catch (RuntimeException e) {
        LOG.error("a message of an edge could not be taken", e);
        refuse(Status.INTERNAL.withDescription("the control plane could not take a message"));
      }
    }

    private void take(FromEdge said) {
      if (refused) {
        return;
      }
      EdgeStream now = stream;
      if (said instanceof FromEdge.Hello hello) {
        begin(hello);
      } else if (now == null) {
        refuse(Status.FAILED_PRECONDITION.withDescription("a stream begins with Hello"));
      } else {
        report(now, said);
      }
      out.request(1);
    }

    private void begin(FromEdge.Hello hello) {
      if (stream != null) {
        refuse(Status.FAILED_PRECONDITION.withDescription("a stream has one Hello"));
        return;
      }
      Optional<PeerCertificate.Peer> own = peer.filter(p -> p.node().equals(hello.node()));
      if (own.filter(PeerCertificate.Peer::isExpired).isPresent()) {
        String sentence = "The client certificate has expired: it is good for its renewal alone.";
        refuse(Status.PERMISSION_DENIED.withDescription(sentence));
        return;
      }
      Optional<Admission> admission;
      try {
        admission = own.flatMap(p -> nodes().admit(p.node(), p.serial(), p.issued()));
        if (admission.isPresent()) {
          own.ifPresent(p -> nodes().cameWith(p.node(), p.issuer()));
          if (!hello.features().contains(FromEdge.Hello.TRUST)) {
            // One of the build before knows only the authority that it joined by.
            nodes().trusts(hello.node(), List.of());
          }
        }
      } catch (StoreException e) {
        refuse(Status.UNAVAILABLE.withDescription(NO_DATABASE));
        return;
      }
      if (admission.isEmpty()) {
        String sentence =
            "The client certificate is not the current one of this node: enrol it again.";
        refuse(Status.PERMISSION_DENIED.withDescription(sentence));
        return;
      }
      EdgeStream begun =
          new EdgeStream(SyncService.this, out, hello, own.orElseThrow().serial(), admission.get());
      stream = begun;
      EdgeStream replaced = streams.put(hello.node(), begun);
      if (replaced != null) {
        replaced.end(Status.UNAVAILABLE.withDescription("a newer stream of the node took over"));
      }
      fleet.connected(begun, hello);
      rollouts.forget(hello.node());
      LOG.info("{} is connected, at revision {}", hello.node(), hello.lastRevision());
      if (gone) {
        end();
      }
      Thread.ofVirtual().name("stream-" + hello.node()).start(begun);
    }

    private void report(EdgeStream from, FromEdge said) {
      switch (said) {
        case FromEdge.Hello again -> {}
        case FromEdge.Ack ack -> {
          ack.refusals()
              .forEach(r -> LOG.warn("{} refused {}: {}", from.node(), r.resource(), r.reason()));
          from.taken(ack);
          fleet.acknowledged(from.node(), ack);
          rollouts.acknowledged(from.node(), ack);
        }
        case FromEdge.Nack nack -> {
          LOG.warn("{} could not read revision {}: {}", from.node(), nack.revision(), nack);
          from.refused();
          rollouts.refused(from.node(), nack);
        }
        case FromEdge.PurgeAck ack -> {
          from.applied(ack.through());
          fleet.purged(from.node(), ack.through());
          acks.acknowledged(from.node(), ack.through());
        }
        case FromEdge.Heartbeat beat -> {
          fleet.heartbeat(from.node(), beat);
          acks.holds(from.node(), beat.purge());
          if (!beat.traffic().isEmpty()) {
            rollouts.answered(from.node(), beat.traffic());
          }
        }
        case FromEdge.Warmed warmed -> from.warmed(warmed);
        case FromEdge.Ping ping -> from.pinged();
        case FromEdge.Trusted trusted -> trusts(from.node(), trusted);
        case FromEdge.TokensHeld held -> fleet.tokens().held(from.node(), held.through());
        case FromEdge.Demands demands -> from.shared(limits.divide(from.node(), demands));
        case FromEdge.GeoReport report -> {
          tell(from.node(), report);
          from.reported(report);
        }
      }
    }

    private void trusts(String node, FromEdge.Trusted trusted) {
      try {
        nodes().trusts(node, trusted.authorities());
      } catch (StoreException e) {
        // It says so again on its next stream; until then a rotation waits.
        UNNOTED.failed(e);
        refuse(Status.UNAVAILABLE.withDescription(NO_DATABASE));
      }
    }

    private void tell(String node, FromEdge.GeoReport report) {
      String kind = report.kind().token();
      switch (report.outcome()) {
        case TAKING -> {}
        case TAKEN -> LOG.info("{} took the GeoIP database {} {}", node, kind, report.version());
        case TORN ->
            LOG.warn("{} wants the GeoIP database {} anew: {}", node, kind, report.reason());
        case REFUSED ->
            LOG.warn("{} refused the GeoIP database {}: {}", node, kind, report.reason());
      }
    }

    private void refuse(Status status) {
      EdgeStream now = stream;
      if (now != null) {
        now.end(status);
        return;
      }
      refused = true;
      if (!out.isCancelled()) {
        out.onError(status.asRuntimeException());
      }
    }

    private void end() {
      gone = true;
      EdgeStream now = stream;
      if (now != null) {
        now.end(Status.UNAVAILABLE.withDescription("the edge ended the stream"));
      }
    }

    @Override
    public void onError(Throwable problem) {
      end();
    }

    @Override
    public void onCompleted() {
      end();
    }
  }
}
