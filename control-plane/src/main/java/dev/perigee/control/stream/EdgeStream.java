package dev.perigee.control.stream;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.Purge;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.StoreException;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connected edge: a virtual thread that brings it what is new, purges before changes, and only
 * while the call takes more. What waits is never queued: it is read from the logs when it can be
 * sent, so a slow edge costs nobody memory.
 */
final class EdgeStream implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeStream.class);
  private static final int PURGES_AT_ONCE = 500;
  private static final long LOOK_MILLIS = 1_000;
  private static final long STUCK_SECONDS = 30;

  private final SyncService service;
  private final ServerCallStreamObserver<ControlMessage> out;
  private final FromEdge.Hello hello;
  private final String serial;
  private final Semaphore ready = new Semaphore(0);
  private volatile boolean over;
  private volatile boolean startOver;
  private long revision;
  private long purge;
  private String region = "";

  /** Whether the empty configuration of an empty control plane was sent. */
  private boolean greeted;

  EdgeStream(
      SyncService service,
      ServerCallStreamObserver<ControlMessage> out,
      FromEdge.Hello hello,
      String serial) {
    this.service = service;
    this.out = out;
    this.hello = hello;
    this.serial = serial;
  }

  String node() {
    return hello.node();
  }

  /** The call takes more. */
  void onReady() {
    ready.release();
  }

  /** The edge could not read an update: it gets a snapshot. */
  void startOver() {
    startOver = true;
    service.numbers().wake();
  }

  /** Ends the stream from outside. */
  void end() {
    over = true;
    ready.release();
    service.numbers().wake();
  }

  @Override
  public void run() {
    try {
      welcome();
      while (!over) {
        long seen = service.numbers().generation();
        if (!serve()) {
          service.numbers().await(seen, LOOK_MILLIS);
        }
      }
      finish(Status.UNAVAILABLE.withDescription("the stream was replaced or the node removed"));
    } catch (StoreException e) {
      LOG.warn("stream of {} ends: {}", hello.node(), e.getMessage());
      finish(Status.UNAVAILABLE.withDescription("the control plane's database does not answer"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      finish(Status.UNAVAILABLE);
    } finally {
      service.ended(this);
    }
  }

  private void finish(Status status) {
    if (!out.isCancelled()) {
      out.onError(status.asRuntimeException());
    }
  }

  private void welcome() throws InterruptedException {
    LogNumbers.Head head = service.numbers().head();
    boolean known = hello.logId().equals(head.logId()) && hello.lastPurge() <= head.purge();
    boolean reachable = known && hello.lastPurge() >= service.purges().floor();
    long purgedThrough = reachable ? 0 : head.purge();
    purge = reachable ? hello.lastPurge() : head.purge();
    revision = known ? hello.lastRevision() : 0;
    send(new FromControl.Welcome(head.logId(), head.revision(), head.purge(), purgedThrough));
  }

  /** Sends what is new; false when nothing was. */
  private boolean serve() throws InterruptedException {
    Optional<Node> node = service.nodes().byName(hello.node());
    boolean mine = service.nodes().serial(hello.node()).filter(serial::equals).isPresent();
    if (node.isEmpty() || !mine) {
      over = true;
      return true;
    }
    List<Purge> purges = service.purges().after(purge, PURGES_AT_ONCE);
    if (!purges.isEmpty()) {
      send(new FromControl.Purges(purges));
      purge = purges.getLast().number();
      return true;
    }
    if (startOver || !region.equals(node.get().region())) {
      revision = startOver || !region.isEmpty() ? 0 : revision;
      startOver = false;
      region = node.get().region();
    }
    long head = service.numbers().head().revision();
    List<FromControl.Update> updates =
        revision == head && head > 0
            ? List.of()
            : service.changes().between(revision, head, region);
    if (updates.isEmpty() || (head == 0 && revision == 0 && greeted)) {
      return false;
    }
    for (FromControl.Update update : updates) {
      send(update);
    }
    greeted = true;
    revision = updates.getLast().revision();
    return true;
  }

  private void send(FromControl message) throws InterruptedException {
    while (!out.isReady() && !over) {
      if (!ready.tryAcquire(STUCK_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("{} takes nothing for {} s: its stream ends", hello.node(), STUCK_SECONDS);
        over = true;
      }
    }
    if (!over) {
      out.onNext(SyncCodec.encode(message));
    }
  }
}
