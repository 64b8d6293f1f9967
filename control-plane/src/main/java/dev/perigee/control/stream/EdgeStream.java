package dev.perigee.control.stream;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.Purge;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.PostgresNodeStore.Placement;
import dev.perigee.control.store.StoreException;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connected edge: a virtual thread that brings it what is new, purges before changes, and only
 * while the call takes more; {@link GeoStream} goes beside it. What waits is never queued: it is
 * read from the logs when it can be sent, so a slow edge costs nobody memory.
 */
final class EdgeStream implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeStream.class);
  private static final int PURGES_AT_ONCE = 500;
  private static final long LOOK_MILLIS = 1_000;
  private static final long STUCK_SECONDS = 30;

  private final SyncService service;
  private final Outgoing out;
  private final GeoStream geo;
  private final WarmPlan warming = new WarmPlan();
  private final FromEdge.Hello hello;
  private final String serial;

  /** When a snapshot may be sent, where one is owed. */
  private final AtomicReference<@Nullable Instant> snapshotDue = new AtomicReference<>();

  /** Updates that were refused in a row. */
  private volatile int refusals;

  private long revision;
  private long purge;
  private List<String> replicas = List.of();

  EdgeStream(
      SyncService service,
      ServerCallStreamObserver<ControlMessage> out,
      FromEdge.Hello hello,
      String serial) {
    this.service = service;
    this.out = new Outgoing(out);
    this.geo = new GeoStream(this.out, service.geoFiles(), service.clock(), hello.geo());
    this.hello = hello;
    this.serial = serial;
  }

  String node() {
    return hello.node();
  }

  /** The call takes more. */
  void onReady() {
    out.onReady();
  }

  /** The edge said what became of a GeoIP database. */
  void reported(FromEdge.GeoReport report) {
    geo.reported(report);
  }

  /**
   * The edge asks whether this side lives; a stream that takes nothing answers by what it takes.
   */
  void pinged() {
    out.sendIfReady(new FromControl.Pong());
  }

  /** The edge is through a batch of a warm-up. */
  void warmed(FromEdge.Warmed warmed) {
    for (WarmPlan.Step step : warming.warmed(warmed)) {
      try {
        if (!service.warmUps().note(node(), step.from(), step.warmed())) {
          warming.lose(warmed.job());
          return;
        }
      } catch (StoreException e) {
        LOG.warn("a warm-up of {} begins again where it was noted: {}", node(), e.getMessage());
        warming.lose(warmed.job());
        return;
      }
    }
  }

  /** The edge took an update. Called by the call's thread, as {@link #refused} is. */
  void taken() {
    refusals = 0;
  }

  /** The edge could not take an update: it gets a snapshot, the sooner the rarer that was. */
  void refused() {
    int count = refusals + 1;
    refusals = count;
    snapshotDue.set(service.clock().instant().plus(NackPolicy.wait(count)));
    service.numbers().stir();
  }

  /** Ends the stream from outside; of several reasons the first counts. */
  void end(Status status) {
    out.end(status);
    service.numbers().stir();
  }

  private boolean isOver() {
    return out.isOver();
  }

  @Override
  public void run() {
    Thread beside = Thread.ofVirtual().name("stream-" + hello.node() + "-geo").unstarted(geo);
    try {
      welcome();
      if (!hello.geo().isEmpty()) {
        beside.start();
      }
      while (!isOver()) {
        long seen = service.numbers().generation();
        if (!serve()) {
          service.numbers().await(seen, LOOK_MILLIS);
        }
      }
    } catch (StoreException e) {
      LOG.warn("stream of {} ends: {}", hello.node(), e.getMessage());
      end(Status.UNAVAILABLE.withDescription("the control plane's database does not answer"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end(Status.UNAVAILABLE);
    } catch (RuntimeException e) {
      LOG.error("stream of {} failed", hello.node(), e);
      end(Status.INTERNAL.withDescription("see the control plane's log"));
    } finally {
      service.ended(this);
      out.finish();
      beside.interrupt();
    }
  }

  private void welcome() throws InterruptedException {
    LogNumbers.Head head = service.numbers().head();
    boolean known = hello.logId().equals(head.logId()) && hello.lastPurge() <= head.purge();
    boolean reachable = known && hello.lastPurge() >= service.purges().floor();
    long purgedThrough = reachable ? 0 : head.purge();
    purge = reachable ? hello.lastPurge() : head.purge();
    service.acks().joined(hello.node(), reachable ? purge : 0, purge);
    revision = known ? hello.lastRevision() : 0;
    send(
        new FromControl.Welcome(
            head.logId(), head.revision(), head.purge(), purgedThrough, service.pulse()));
  }

  /** Sends what is new; false when nothing was. */
  private boolean serve() throws InterruptedException {
    // The head first: a move that is not seen in the placement then has a revision above it.
    long head = service.numbers().head().revision();
    Optional<Placement> place =
        service.nodes().placement(hello.node()).filter(p -> p.serials().contains(serial));
    if (place.isEmpty()) {
      end(Status.UNAVAILABLE.withDescription("the node was removed or its certificate replaced"));
      return true;
    }
    if (place.get().since() > head || sendPurges() || sendReplicas()) {
      // A move between the two looks has a number that is still to be read.
      return true;
    }
    Instant due = snapshotDue.get();
    if (due != null && service.clock().instant().isBefore(due)) {
      return false;
    }
    boolean startOver = due != null && snapshotDue.compareAndSet(due, null);
    if (startOver || revision < place.get().since()) {
      revision = 0;
    }
    List<FromControl.Update> updates =
        service.changes().between(revision, head, place.get().region(), hello.node());
    for (FromControl.Update update : updates) {
      while (sendPurges()) {
        // A large update keeps no purge waiting.
      }
      send(update);
      revision = update.revision();
    }
    return !updates.isEmpty() || sendWarmUps();
  }

  /** Sends what the node is to fetch next; false when there is nothing. */
  private boolean sendWarmUps() throws InterruptedException {
    if (!hello.features().contains(FromEdge.Hello.WARM_UP)) {
      return false;
    }
    List<FromControl.WarmUp> due =
        warming.due(
            service.warmJobs().now(), job -> service.warmUps().through(job.id(), hello.node()));
    for (FromControl.WarmUp order : due) {
      send(order);
    }
    return !due.isEmpty();
  }

  /** Says where the control planes are, where that is news; false where it is not. */
  private boolean sendReplicas() throws InterruptedException {
    List<String> now = service.replicas();
    if (now.equals(replicas) || !hello.features().contains(FromEdge.Hello.REPLICAS)) {
      return false;
    }
    send(new FromControl.Replicas(now));
    replicas = now;
    return true;
  }

  /** Sends the next purges; false when there are none. */
  private boolean sendPurges() throws InterruptedException {
    List<Purge> purges = service.purges().after(purge, PURGES_AT_ONCE);
    for (FromControl.Purges batch : PurgeBatches.of(purges)) {
      send(batch);
      purge = batch.purges().getLast().number();
    }
    return !isOver() && !purges.isEmpty();
  }

  private void send(FromControl message) throws InterruptedException {
    if (!out.send(message, STUCK_SECONDS)) {
      LOG.warn("{} takes nothing for {} s: its stream ends", hello.node(), STUCK_SECONDS);
      end(Status.UNAVAILABLE.withDescription("the node takes nothing"));
    }
  }
}
