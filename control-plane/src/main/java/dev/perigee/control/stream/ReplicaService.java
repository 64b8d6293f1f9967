package dev.perigee.control.stream;

import dev.perigee.contract.replica.v1.FleetExchangeGrpc;
import dev.perigee.contract.replica.v1.NodeReports;
import dev.perigee.contract.replica.v1.OriginsRequest;
import dev.perigee.contract.replica.v1.WatchRequest;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.limit.FleetLimits;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Tells other control planes on the same database how the nodes do whose streams are here, and
 * which nodes are reached from here. A node that changes often while a reader is slow is told once,
 * as it is then.
 */
public final class ReplicaService extends FleetExchangeGrpc.FleetExchangeImplBase {
  private static final int REPORTS_AT_ONCE = 200;
  private static final int WATCHERS = 64;
  private static final long BEAT_MILLIS = 1_000;

  private final Fleet fleet;
  private final FleetLimits limits;
  private final InstantSource clock;
  private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();

  /**
   * @param limits what nodes want of limits that all share is told, too
   */
  public ReplicaService(Fleet fleet, FleetLimits limits, InstantSource clock) {
    this.fleet = fleet;
    this.limits = limits;
    this.clock = clock;
  }

  @Override
  public void watch(WatchRequest request, StreamObserver<NodeReports> answer) {
    if (!isReplica(answer)) {
      return;
    }
    if (watchers.size() >= WATCHERS) {
      String sentence = WATCHERS + " control planes watch already";
      answer.onError(Status.RESOURCE_EXHAUSTED.withDescription(sentence).asRuntimeException());
      return;
    }
    Watcher watcher = new Watcher((ServerCallStreamObserver<NodeReports>) answer);
    watchers.add(watcher);
    fleet.onReport(watcher);
    limits.onReport(watcher);
    fleet.own().forEach(watcher);
    fleet.probes().nodes().forEach(watcher);
    Thread.ofVirtual().name("replica-watch-" + request.getReplica()).start(watcher);
  }

  @Override
  public void origins(OriginsRequest request, StreamObserver<NodeReports> answer) {
    if (isReplica(answer)) {
      NodeReports.Builder out = NodeReports.newBuilder();
      fleet
          .ownOrigins(request.getSite())
          .forEach((node, health) -> out.addNodes(ReportCodec.encode(node, health)));
      answer.onNext(out.build());
      answer.onCompleted();
    }
  }

  private static boolean isReplica(StreamObserver<NodeReports> answer) {
    boolean replica =
        PeerCertificate.current()
            .filter(peer -> peer.isControlPlane() && !peer.isExpired())
            .isPresent();
    if (!replica) {
      String sentence = "Only a control plane of this network may ask.";
      answer.onError(Status.PERMISSION_DENIED.withDescription(sentence).asRuntimeException());
    }
    return replica;
  }

  /** Ends all answers. */
  void endAll() {
    watchers.forEach(Watcher::end);
  }

  /** What is known here of some nodes, and whether the probes count. */
  private NodeReports reports(List<String> nodes) {
    NodeReports.Builder reports = NodeReports.newBuilder().setVotes(fleet.probes().votes());
    for (String node : nodes) {
      if (fleet.hasOwn(node)) {
        reports.addNodes(
            ReportCodec.encode(
                fleet.own(node), limits.own(node), fleet.tokens().own(node), clock.instant()));
      }
      reports.addReached(ReportCodec.encode(node, fleet.probes().reach(node)));
    }
    return reports.build();
  }

  /** One control plane that is told. */
  private final class Watcher implements Consumer<String>, Runnable {
    private final ServerCallStreamObserver<NodeReports> out;
    private final Lock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();
    private final Set<String> due = new LinkedHashSet<>();
    private boolean ended;

    Watcher(ServerCallStreamObserver<NodeReports> out) {
      this.out = out;
      out.setOnReadyHandler(() -> change(() -> {}));
      out.setOnCancelHandler(this::end);
    }

    @Override
    public void accept(String node) {
      change(() -> due.add(node));
    }

    void end() {
      change(() -> ended = true);
    }

    private void change(Runnable what) {
      lock.lock();
      try {
        what.run();
        news.signal();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void run() {
      try {
        List<String> batch = next();
        while (!isOver()) {
          out.onNext(reports(batch));
          batch = next();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        fleet.noMore(this);
        limits.noMore(this);
        watchers.remove(this);
        if (!out.isCancelled()) {
          String sentence = "the control plane stops";
          out.onError(Status.UNAVAILABLE.withDescription(sentence).asRuntimeException());
        }
      }
    }

    private boolean isOver() {
      lock.lock();
      try {
        return ended || out.isCancelled();
      } finally {
        lock.unlock();
      }
    }

    /** Names of some that are due, once the call takes more; none after a second without any. */
    private List<String> next() throws InterruptedException {
      lock.lock();
      try {
        long nanos = TimeUnit.MILLISECONDS.toNanos(BEAT_MILLIS);
        while (!ended && !(out.isReady() && (!due.isEmpty() || nanos <= 0))) {
          if (nanos > 0) {
            nanos = news.awaitNanos(nanos);
          } else {
            news.await();
          }
        }
        List<String> batch = due.stream().limit(REPORTS_AT_ONCE).toList();
        Iterator<String> taken = due.iterator();
        for (int i = 0; i < batch.size(); i++) {
          taken.next();
          taken.remove();
        }
        return batch;
      } finally {
        lock.unlock();
      }
    }
  }
}
