package dev.perigee.edge.config;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.sync.v1.EdgeSyncGrpc;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one sync stream to the control plane open, for as long as the node lives.
 *
 * <p>Where the control plane is several, another one takes over from one that dies, is cut off or
 * says nothing any more, in less than two seconds.
 *
 * <p>Everything runs on one thread of its own: what comes in, heartbeats, and the next try after a
 * stream has ended. So nothing here is locked, and what the control plane orders stays in order.
 */
public final class SyncClient implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SyncClient.class);
  private static final long HEARTBEAT_MILLIS = 1_000;
  private static final int BEATS_PER_NOTE = 10;

  /** For the first answer of one of several; twice as long with each round in which none came. */
  private static final long WELCOME_MILLIS = 1_000;

  private static final long MOST_WELCOME_MILLIS = 10_000;

  /** Nodes that lose one control plane together come to the others spread over so long. */
  private static final long JITTER_MILLIS = 150;

  private final SyncStream.Parts parts;
  private final Enrolment enrolment;
  private final Supplier<NodeLoad> load;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final LongSupplier nanos;
  private final ControlPlanes planes;
  private final CountDownLatch firstSync = new CountDownLatch(1);
  private final AtomicBoolean renewing = new AtomicBoolean();
  private final ScheduledThreadPoolExecutor thread;

  private volatile Identity identity;
  private @Nullable SyncStream stream;
  private @Nullable ManagedChannel channel;
  private @Nullable Pulse pulse;
  private long connectingSince;

  /** Rounds over all control planes in which none was reached. */
  private int failures;

  private int beats;
  private int lookedInVain;

  /** Whether the stream ends for the next one to come with the new certificate. */
  private boolean moving;

  /**
   * A client that is not started.
   *
   * @param nanos a clock that never jumps
   */
  public SyncClient(
      SyncConfig config,
      Identity identity,
      Enrolment enrolment,
      PurgeSink purges,
      ServingState serving,
      ActiveConfig active,
      LastGoodStore lastGood,
      WarmUpSink warmUps,
      GeoSink geo,
      ShareSink shares,
      TicketKeeper tickets,
      Supplier<NodeLoad> load,
      InstantSource clock,
      LongSupplier nanos,
      RandomGenerator random) {
    this.parts =
        new SyncStream.Parts(
            config,
            purges,
            serving,
            active,
            lastGood,
            warmUps,
            geo,
            shares,
            tickets,
            enrolment.trust(),
            nanos);
    this.identity = identity;
    this.enrolment = enrolment;
    this.load = load;
    this.clock = clock;
    this.random = random;
    this.nanos = nanos;
    this.planes = new ControlPlanes(config.control(), config.planesFile(), random);
    this.thread =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().name("edge-sync").daemon(true).factory());
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Begins to connect; returns at once. */
  public void start() {
    thread.execute(this::connect);
    var _ =
        thread.scheduleWithFixedDelay(
            this::beat, HEARTBEAT_MILLIS, HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS);
    long look = Pulse.LOOK.toMillis();
    var _ = thread.scheduleWithFixedDelay(this::look, look, look, TimeUnit.MILLISECONDS);
    long report = parts.shares().reportMillis();
    var _ = thread.scheduleWithFixedDelay(this::demand, report, report, TimeUnit.MILLISECONDS);
  }

  /**
   * Waits until everything that the control plane has was in force once; false if it took longer.
   */
  public boolean awaitFirstSync(Duration atMost) throws InterruptedException {
    return firstSync.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    try {
      thread.execute(this::stop);
    } catch (RejectedExecutionException e) {
      return; // closed before
    }
    thread.shutdown();
    try {
      if (!thread.awaitTermination(2, TimeUnit.SECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void stop() {
    noteContact();
    ManagedChannel open = channel;
    channel = null;
    stream = null;
    if (open != null) {
      open.shutdownNow();
    }
  }

  private void connect() {
    if (thread.isShutdown()) {
      return;
    }
    ControlAddress next = planes.next();
    SyncStream fresh = new SyncStream(parts, new Watch());
    stream = fresh;
    pulse = null;
    connectingSince = nanos.getAsLong();
    beats = 0;
    try {
      ManagedChannel open =
          ControlChannel.open(next, identity, enrolment.trust(), this::onThread, clock);
      channel = open;
      var _ = EdgeSyncGrpc.newStub(open).sync(fresh);
      fresh.hello();
    } catch (IOException | RuntimeException e) {
      fresh.cancel(String.valueOf(e.getMessage()));
    }
  }

  /** gRPC's callbacks; after the end there is nobody left to call. */
  private void onThread(Runnable callback) {
    try {
      thread.execute(callback);
    } catch (RejectedExecutionException e) {
      LOG.trace("a callback after the end", e);
    }
  }

  private void beat() {
    SyncStream open = stream;
    if (isExpired() && ++lookedInVain % BEATS_PER_NOTE == 1) {
      renewWhenDue(); // no stream comes with it
    }
    if (open == null) {
      return;
    }
    beats++;
    if (open.isWelcomed()) {
      open.heartbeat(load.get());
      if (beats % BEATS_PER_NOTE == 0) {
        noteContact();
        renewWhenDue();
      }
    }
  }

  /** What is wanted of shared limits is counted from report to report, connected or not. */
  private void demand() {
    Optional<FromEdge.Demands> demands = parts.shares().report(nanos.getAsLong());
    SyncStream open = stream;
    if (open != null && open.isWelcomed()) {
      demands.ifPresent(open::demand);
    }
  }

  /** Whether the control plane lives, or comes. */
  private void look() {
    SyncStream open = stream;
    if (open == null) {
      return;
    }
    long now = nanos.getAsLong();
    if (!open.isWelcomed()) {
      if (now - connectingSince > TimeUnit.MILLISECONDS.toNanos(welcomeMillis())) {
        open.cancel("the control plane did not answer");
      }
      return;
    }
    Duration beat = open.pulse();
    if (beat.isZero()) {
      return; // of an earlier build: the transport finds out
    }
    Pulse known = pulse;
    if (known == null) {
      pulse = new Pulse(beat, now);
      return;
    }
    switch (known.look(open.heard(), planes.isChoice(), now)) {
      case NOTHING -> {}
      case ASK -> open.ping();
      case DEAD -> open.cancel("the control plane says nothing any more");
    }
  }

  private long welcomeMillis() {
    return planes.isChoice()
        ? Math.min(MOST_WELCOME_MILLIS, WELCOME_MILLIS << Math.min(failures, 10))
        : MOST_WELCOME_MILLIS;
  }

  private void noteContact() {
    try {
      parts.serving().noteContact();
    } catch (IOException e) {
      LOG.error("the state directory cannot be written: {}", e.getMessage());
    }
  }

  private void renewWhenDue() {
    boolean superseded = enrolment.trust().isSuperseded(identity);
    boolean due = superseded || !clock.instant().isBefore(identity.renewAt());
    if (!due || !renewing.compareAndSet(false, true)) {
      return;
    }
    Thread.ofVirtual()
        .name("edge-renew")
        .start(
            () -> {
              try {
                identity = enrolment.renew(identity);
                LOG.info("the node's certificate was renewed");
                if (superseded) {
                  onThread(this::move);
                }
              } catch (EnrolmentException e) {
                LOG.error("the node's certificate cannot be renewed: {}", e.getMessage());
              } finally {
                renewing.set(false);
              }
            });
  }

  /** Comes again with the new certificate, as the CA of the one before is to go. */
  private void move() {
    SyncStream open = stream;
    if (open != null) {
      moving = true;
      open.cancel("the node has a certificate of another CA");
    }
  }

  private boolean isExpired() {
    return clock.instant().isAfter(identity.certificate().getNotAfter().toInstant());
  }

  /** At once where there are others to be tried; else the later the more often there were none. */
  private Duration nextTry() {
    if (!planes.isRoundOver() && planes.isChoice()) {
      return Duration.ofMillis(random.nextLong(JITTER_MILLIS + 1));
    }
    failures++;
    return Backoff.wait(failures, random);
  }

  /** Follows the stream that is open. */
  private final class Watch implements SyncStream.Events {
    private boolean inStep;

    @Override
    public void later(Runnable action) {
      onThread(action);
    }

    @Override
    public void welcomed() {
      planes.reached();
    }

    @Override
    public void told(List<String> controlPlanes) {
      planes.told(controlPlanes);
    }

    @Override
    public void trusted() {
      renewWhenDue();
    }

    @Override
    public void inStep() {
      failures = 0;
      if (!inStep) {
        inStep = true;
        noteContact();
        firstSync.countDown();
      }
    }

    @Override
    public void ended(SyncStream which, String reason) {
      if (which != stream) {
        return;
      }
      stream = null;
      ManagedChannel open = channel;
      channel = null;
      if (open != null) {
        open.shutdownNow();
      }
      parts.serving().disconnected();
      Duration wait = moving ? Duration.ZERO : nextTry();
      moving = false;
      LOG.info("no control plane ({}); next try in {} ms", reason, wait.toMillis());
      if (!thread.isShutdown()) {
        var _ = thread.schedule(SyncClient.this::connect, wait.toMillis(), TimeUnit.MILLISECONDS);
      }
    }
  }
}
