package dev.perigee.control.stream;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.TicketKey;
import dev.perigee.control.changelog.LogView;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.PostgresNodeStore.Admission;
import dev.perigee.control.store.PostgresNodeStore.Placement;
import dev.perigee.control.store.StoreException;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
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
 * taken from the logs when it can be sent, so a slow edge costs nobody memory, and when it takes
 * more it gets what is true then. It touches the database only where it is far behind.
 */
final class EdgeStream implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeStream.class);
  private static final OutageLog ENDED = new OutageLog(LOG, "streams of nodes end");
  private static final OutageLog UNNOTED =
      new OutageLog(LOG, "warm-ups of nodes begin again where they were noted");
  private static final WireMessage PONG = WireMessage.of(new FromControl.Pong());
  private static final long STUCK_SECONDS = 30;

  /** It is woken by whatever is new; this only heals what nobody thought of. */
  private static final Duration LOOK = Duration.ofSeconds(10);

  /** While it waits for the time of a snapshot, or for an acknowledgement. */
  private static final Duration SHORT_LOOK = Duration.ofSeconds(1);

  private final SyncService service;
  private final SharedLog log;
  private final Admission admission;
  private final Wakeup wakeup = new Wakeup();
  private final Outgoing out;
  private final GeoStream geo;
  private final WarmPlan warming = new WarmPlan();
  private final FromEdge.Hello hello;
  private final String serial;
  private final boolean asks;

  /** When a snapshot may be sent, where one is owed. */
  private final AtomicReference<@Nullable Instant> snapshotDue = new AtomicReference<>();

  /** Updates that were refused in a row. */
  private volatile int refusals;

  /** The newest purge that the edge acknowledged. */
  private volatile long acknowledged;

  /** Whether purges wait for that. */
  private volatile boolean held;

  /** Whether nobody has noted yet that it took a snapshot, as one that can ask readers. */
  private volatile boolean unnoted;

  private final AcksAhead ahead = new AcksAhead();
  private boolean waited;
  private long revision;
  private long purge;
  private List<String> replicas = List.of();
  private List<TicketKey> ticketKeys = List.of();
  private Optional<FromControl.Trust> trust = Optional.empty();
  private FromControl.@Nullable AcmeTokens acmeTokens;

  EdgeStream(
      SyncService service,
      ServerCallStreamObserver<WireMessage> out,
      FromEdge.Hello hello,
      String serial,
      Admission admission) {
    this.service = service;
    this.log = service.log();
    this.admission = admission;
    this.out = new Outgoing(out);
    this.geo = new GeoStream(this.out, service.geoFiles(), service.clock(), hello);
    this.hello = hello;
    this.serial = serial;
    this.asks = hello.features().contains(FromEdge.Hello.CLIENT_CERTIFICATES);
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
    out.sendIfReady(PONG);
  }

  /** Its shares of limits; where the call takes nothing now, the next ones come soon. */
  void shared(FromControl.Shares shares) {
    out.sendIfReady(WireMessage.of(shares));
  }

  /** The edge is through a batch of a warm-up, and may be sent the next one. */
  void warmed(FromEdge.Warmed warmed) {
    note(warmed);
    wakeup.run();
  }

  private void note(FromEdge.Warmed warmed) {
    try {
      for (WarmPlan.Step step : warming.warmed(warmed)) {
        if (!service.warmUps().note(node(), step.from(), step.warmed())) {
          warming.lose(warmed.job());
          return;
        }
      }
    } catch (StoreException e) {
      UNNOTED.failed(e);
      warming.lose(warmed.job());
    }
  }

  /**
   * The edge took an update, or says after Welcome what it has: that one has no nonce. Called by
   * the call's thread, as {@link #refused} is.
   */
  void taken(FromEdge.Ack ack) {
    if (ack.nonce().isEmpty()) {
      return;
    }
    refusals = 0;
    if (unnoted) {
      note();
    }
  }

  /** Its first snapshot is in force, whatever it had before. */
  private void note() {
    try {
      service.nodes().took(node(), /* asks= */ true);
      unnoted = false;
    } catch (StoreException e) {
      UNNOTED.failed(e); // it gets a snapshot once more when it comes again
    }
  }

  /** The edge has purges up to this one in force. */
  void applied(long through) {
    acknowledged = through;
    if (held) {
      wakeup.run();
    }
  }

  /** The edge could not take an update: it gets a snapshot, the sooner the rarer that was. */
  void refused() {
    int count = refusals + 1;
    refusals = count;
    snapshotDue.set(service.clock().instant().plus(NackPolicy.wait(count)));
    wakeup.run();
  }

  /** Ends the stream from outside; of several reasons the first counts. */
  void end(Status status) {
    out.end(status);
    wakeup.run();
  }

  /** Bytes that it was sent so far. */
  long handed() {
    return out.handed();
  }

  private boolean isOver() {
    return out.isOver();
  }

  @Override
  public void run() {
    Thread beside = Thread.ofVirtual().name("stream-" + hello.node() + "-geo").unstarted(geo);
    log.reader().follow(wakeup);
    try {
      welcome();
      if (!hello.geo().isEmpty()) {
        beside.start();
      }
      while (!isOver()) {
        if (!serve()) {
          boolean soon = held || snapshotDue.get() != null;
          waited = !wakeup.await(soon ? SHORT_LOOK : LOOK);
        }
      }
    } catch (StoreException e) {
      ENDED.failed(e);
      end(Status.UNAVAILABLE.withDescription("the control plane's database does not answer"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end(Status.UNAVAILABLE);
    } catch (RuntimeException e) {
      LOG.error("stream of {} failed", hello.node(), e);
      end(Status.INTERNAL.withDescription("see the control plane's log"));
    } finally {
      log.reader().leave(wakeup);
      service.ended(this);
      out.finish();
      beside.interrupt();
    }
  }

  private void welcome() throws InterruptedException {
    LogNumbers.Head head = admission.head();
    boolean known = hello.logId().equals(head.logId()) && hello.lastPurge() <= head.purge();
    boolean reachable = known && hello.lastPurge() >= admission.floor();
    long purgedThrough = reachable ? 0 : head.purge();
    purge = reachable ? hello.lastPurge() : head.purge();
    service.acks().joined(hello.node(), reachable ? purge : 0, purge);
    boolean goesOn = known && service.nodes().mayGoOn(hello.node(), asks);
    revision = goesOn && hello.lastRevision() <= head.revision() ? hello.lastRevision() : 0;
    unnoted = asks && revision == 0;
    if (!unnoted) {
      // At once: one that cannot ask lacks the sites that do from now on, or has them as open ones,
      // and what one that can goes on from is as good as a snapshot.
      service.nodes().took(hello.node(), asks);
    }
    send(
        new FromControl.Welcome(
            head.logId(),
            head.revision(),
            head.purge(),
            purgedThrough,
            service.pulse(),
            service.limitKey()));
    if (isAheadOf(log.view()) || !log.hasPurgesAfter(head.purge() - 1)) {
      service.numbers().stir(); // its news has not come here yet
    }
  }

  /** Whether the node was let in after what this view saw. */
  private boolean isAheadOf(LogView view) {
    return view.revision() < admission.head().revision();
  }

  /** Sends what is new; false when nothing was. */
  private boolean serve() throws InterruptedException {
    LogView view = log.view();
    if (view.lost()) {
      end(Status.UNAVAILABLE.withDescription(SyncService.NO_DATABASE));
      return true;
    }
    if (sendPurges()) {
      return true;
    }
    if (isAheadOf(view) || view.revision() < revision) {
      return false;
    }
    Optional<Placement> place = place(view);
    if (place.isEmpty()) {
      end(Status.UNAVAILABLE.withDescription("the node was removed or its certificate replaced"));
      return true;
    }
    if (place.get().since() > view.revision()) {
      return false; // a move between the two looks: its number is still to be read
    }
    return sendTrust()
        || sendReplicas()
        || sendTicketKeys()
        || sendAcmeTokens()
        || sendUpdate(view, place.get())
        || sendWarmUps(view);
  }

  /** Where the node is; empty where it may not stay. */
  private Optional<Placement> place(LogView view) {
    Placement seen = view.places().get(hello.node());
    Optional<Placement> place =
        seen != null && seen.serials().contains(serial)
            ? Optional.of(seen)
            : service.nodes().placement(hello.node());
    return place.filter(p -> p.serials().contains(serial));
  }

  private boolean sendUpdate(LogView view, Placement place) throws InterruptedException {
    Instant due = snapshotDue.get();
    if (due != null && service.clock().instant().isBefore(due)) {
      return false;
    }
    boolean startOver = due != null && snapshotDue.compareAndSet(due, null);
    if (startOver || revision < place.since()) {
      revision = 0;
    }
    if (revision == view.revision()) {
      return false;
    }
    SharedLog.Update update =
        log.update(revision, place.since(), view, place.region(), hello.node(), asks);
    for (WireMessage part : update.parts()) {
      awaitReady();
      while (sendPurges()) {
        awaitReady(); // a large update keeps no purge waiting
      }
      out.send(part);
    }
    revision = update.revision();
    return true;
  }

  /** Sends what the node is to fetch next; false when there is nothing. */
  private boolean sendWarmUps(LogView view) throws InterruptedException {
    if (!hello.features().contains(FromEdge.Hello.WARM_UP)) {
      return false;
    }
    List<FromControl.WarmUp> due =
        warming.due(
            service.warmJobs().of(view.warmUps()),
            job -> service.warmUps().through(job.id(), hello.node()));
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

  /** Says whom to trust, where that is news; false where it is not. */
  private boolean sendTrust() throws InterruptedException {
    Optional<FromControl.Trust> now = service.trust();
    if (now.isEmpty() || now.equals(trust) || !hello.features().contains(FromEdge.Hello.TRUST)) {
      return false;
    }
    send(now.get());
    trust = now;
    return true;
  }

  /** Sends the keys of session tickets, where there are others; false where there are not. */
  private boolean sendTicketKeys() throws InterruptedException {
    List<TicketKey> now = service.ticketKeys();
    if (now.equals(ticketKeys) || !hello.features().contains(FromEdge.Hello.TICKETS)) {
      return false;
    }
    send(new FromControl.TicketKeys(now));
    ticketKeys = now;
    return true;
  }

  /** Says what certificate authorities are to be answered: first, and where that is news. */
  private boolean sendAcmeTokens() throws InterruptedException {
    FromControl.AcmeTokens now = service.acmeTokens();
    if (now.equals(acmeTokens) || !hello.features().contains(FromEdge.Hello.ACME)) {
      return false;
    }
    send(now);
    acmeTokens = now;
    return true;
  }

  /** Sends the next purges; false when there are none. */
  private boolean sendPurges() throws InterruptedException {
    if (isOver() || !log.hasPurgesAfter(purge)) {
      return false;
    }
    held = true; // before the look: an acknowledgement that comes now wakes
    held = ahead.isHeld(acknowledged, waited, service.clock().millis());
    if (held) {
      return false;
    }
    awaitReady();
    Optional<SharedLog.PurgeRun> next = log.purgesAfter(purge);
    if (next.isEmpty()) {
      end(Status.UNAVAILABLE.withDescription("the log does not reach back any more: come again"));
      return false;
    }
    out.send(next.get().message());
    purge = next.get().through();
    ahead.sent(purge, service.clock().millis());
    waited = false;
    return !isOver();
  }

  private void send(FromControl message) throws InterruptedException {
    awaitReady();
    out.send(WireMessage.of(message));
  }

  private void awaitReady() throws InterruptedException {
    if (!out.awaitReady(STUCK_SECONDS)) {
      LOG.warn("{} takes nothing for {} s: its stream ends", hello.node(), STUCK_SECONDS);
      end(Status.UNAVAILABLE.withDescription("the node takes nothing"));
    }
  }
}
