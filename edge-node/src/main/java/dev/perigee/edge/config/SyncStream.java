package dev.perigee.edge.config;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.Purge;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.EdgeMessage;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One sync stream from Hello to its end. Every method runs on the sync thread, so that updates and
 * purges are applied in the order in which they came.
 */
final class SyncStream implements ClientResponseObserver<EdgeMessage, ControlMessage> {
  private static final Logger LOG = LoggerFactory.getLogger(SyncStream.class);

  private final Parts parts;
  private final Events events;
  private final UpdateAssembly assembly = new UpdateAssembly();
  private @Nullable ClientCallStreamObserver<EdgeMessage> out;
  private FromControl.@Nullable Welcome welcome;
  private boolean ended;
  private long heard;

  /** What a stream works on. */
  record Parts(
      SyncConfig config,
      PurgeSink purges,
      ServingState serving,
      ActiveConfig active,
      LastGoodStore lastGood,
      WarmUpSink warmUps,
      GeoSink geo,
      ShareSink shares,
      TicketKeeper tickets,
      Trust trust,
      LongSupplier nanos) {}

  /** Is told what becomes of a stream. */
  interface Events {
    /** The control plane has answered. */
    void welcomed();

    /** Where all control planes are. */
    void told(List<String> controlPlanes);

    /** Whom to trust may have changed. */
    void trusted();

    /** Everything up to the heads that Welcome named is in force. */
    void inStep();

    /** The stream is over. */
    void ended(SyncStream stream, String reason);

    /** Runs the action on the sync thread. */
    void later(Runnable action);
  }

  SyncStream(Parts parts, Events events) {
    this.parts = parts;
    this.events = events;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<EdgeMessage> requests) {
    out = requests;
  }

  /** Speaks first. */
  void hello() {
    PurgeSink purges = parts.purges();
    send(
        new FromEdge.Hello(
            parts.config().node(),
            parts.config().build(),
            parts.active().state().revisionIn(purges.logId()),
            purges.lastPurge(),
            purges.logId(),
            Set.of(
                FromEdge.Hello.WARM_UP,
                FromEdge.Hello.REPLICAS,
                FromEdge.Hello.GEO_NONE,
                FromEdge.Hello.TICKETS,
                FromEdge.Hello.TRUST,
                FromEdge.Hello.ACME,
                FromEdge.Hello.CLIENT_CERTIFICATES),
            parts.geo().holdings()));
  }

  /** Whether the control plane has answered. */
  boolean isWelcomed() {
    return welcome != null && !ended;
  }

  /** How often the control plane is to be asked whether it lives; zero: never. */
  Duration pulse() {
    FromControl.Welcome first = welcome;
    return first == null ? Duration.ZERO : first.pulse();
  }

  /** Messages that came so far. */
  long heard() {
    return heard;
  }

  /** Asks whether the control plane lives. */
  void ping() {
    send(new FromEdge.Ping());
  }

  /** Says what is wanted of shared limits, where the control plane divides those. */
  void demand(FromEdge.Demands demands) {
    FromControl.Welcome first = welcome;
    boolean divided = first != null && first.limitKey().length() > 0;
    if (divided) {
      send(demands);
    }
  }

  void heartbeat(NodeLoad load) {
    send(
        new FromEdge.Heartbeat(
            parts.active().state().revision(),
            parts.purges().lastPurge(),
            load.requestsPerSecond(),
            load.openConnections(),
            load.load(),
            load.healthy(),
            load.detail(),
            parts.geo().holdings().stream().filter(h -> !h.version().isEmpty()).toList(),
            load.origins(),
            load.traffic()));
  }

  /** Ends the stream from this side. */
  void cancel(String reason) {
    if (out != null && !ended) {
      out.cancel(reason, null);
    }
    end(reason);
  }

  @Override
  public void onNext(ControlMessage message) {
    if (ended) {
      return;
    }
    heard++;
    try {
      switch (SyncCodec.decode(message)) {
        case FromControl.Welcome first -> welcomed(first);
        case FromControl.Update part -> updated(part);
        case FromControl.Purges batch -> purged(batch.purges());
        case FromControl.WarmUp order ->
            parts.warmUps().warm(order, warmed -> events.later(() -> send(warmed)));
        case FromControl.GeoChunk chunk ->
            parts.geo().take(chunk, report -> events.later(() -> send(report)));
        case FromControl.Pong pong -> {} // counted
        case FromControl.Replicas replicas -> events.told(replicas.addresses());
        case FromControl.TicketKeys keys -> parts.tickets().take(keys);
        case FromControl.Trust trust -> {
          trusted(trust);
        }
        case FromControl.AcmeTokens tokens -> {
          parts.active().answer(tokens);
          send(new FromEdge.TokensHeld(tokens.through()));
        }
        case FromControl.Shares shares -> parts.shares().take(shares, parts.nanos().getAsLong());
      }
    } catch (IllegalArgumentException e) {
      unreadable(message, e);
    } catch (IOException e) {
      LOG.error("the state directory cannot be written: {}", e.getMessage());
      cancel("the state directory cannot be written");
    }
  }

  /** A disk that cannot be written costs the answer, for which a rotation waits, not the stream. */
  private void trusted(FromControl.Trust trust) {
    try {
      send(new FromEdge.Trusted(parts.trust().take(trust)));
    } catch (IOException e) {
      LOG.error("whom to trust is in force, but not on disk: {}", e.getMessage());
    }
    events.trusted();
  }

  private void unreadable(ControlMessage message, IllegalArgumentException problem) {
    LOG.warn("a message of the control plane was refused: {}", problem.getMessage());
    String nonce = message.hasUpdate() ? message.getUpdate().getNonce() : "";
    long revision = message.hasUpdate() ? message.getUpdate().getRevision() : 0;
    send(new FromEdge.Nack(nonce, revision, List.of(String.valueOf(problem.getMessage()))));
    if (message.hasPurges()) {
      parts.serving().purgeKnown(parts.purges().lastPurge() + 1);
      cancel("a purge could not be read");
    }
  }

  private void welcomed(FromControl.Welcome first) throws IOException {
    PurgeSink purges = parts.purges();
    if (welcome != null) {
      throw new IllegalArgumentException("a second welcome");
    }
    if (first.purgedThrough() > 0 || !first.logId().equals(purges.logId())) {
      parts.serving().purgeKnown(Long.MAX_VALUE); // no hit while the store is being emptied
      purges.adopt(first.logId(), first.purgedThrough());
    }
    welcome = first;
    if (first.limitKey().length() > 0) {
      LongBuffer key = ByteBuffer.wrap(first.limitKey().toArray()).asLongBuffer();
      parts.shares().agreed(key.get(0), key.get(1));
    }
    events.welcomed();
    parts.serving().welcomed(first.headPurge());
    LOG.info(
        "control plane at revision {}, purge {}; this node at {}, {}",
        first.headRevision(),
        first.headPurge(),
        parts.active().state().revisionIn(first.logId()),
        purges.lastPurge());
    ConfigState now = parts.active().state();
    long revision = now.revisionIn(first.logId());
    if (revision > 0 || !now.refused().isEmpty()) {
      // Another control plane may not know of it, or this one not any more.
      send(new FromEdge.Ack("", revision, parts.active().refusals()));
    }
    checkInStep(first);
  }

  private void updated(FromControl.Update part) {
    FromControl.Welcome first = needWelcome();
    Optional<FromControl.Update> whole = assembly.add(part);
    if (whole.isEmpty()) {
      return;
    }
    FromControl.Update update = whole.get();
    switch (UpdatePolicy.apply(parts.active().state(), first.logId(), update)) {
      case Applied.Rejected(long revision, List<String> problems) -> {
        LOG.warn("revision {} was refused: {}", revision, problems);
        send(new FromEdge.Nack(update.nonce(), revision, problems));
      }
      case Applied.Accepted(ConfigState next, List<FromEdge.Refusal> refusals) ->
          take(update, next, refusals);
    }
    checkInStep(first);
  }

  private void take(FromControl.Update update, ConfigState next, List<FromEdge.Refusal> refusals) {
    try {
      parts.lastGood().save(next);
    } catch (IOException e) {
      LOG.error("the last good configuration cannot be written: {}", e.getMessage());
      send(
          new FromEdge.Nack(
              update.nonce(),
              update.revision(),
              List.of("The last good configuration cannot be written.")));
      return;
    }
    parts.active().swap(next);
    refusals.forEach(r -> LOG.warn("refused {}: {}", r.resource(), r.reason()));
    send(new FromEdge.Ack(update.nonce(), update.revision(), parts.active().refusals()));
  }

  private void purged(List<Purge> batch) throws IOException {
    FromControl.Welcome first = needWelcome();
    if (batch.isEmpty()) {
      return;
    }
    parts.serving().purgeKnown(batch.getLast().number());
    long expected = parts.purges().lastPurge() + 1;
    for (Purge purge : batch) {
      if (purge.number() > expected) {
        cancel("purge " + expected + " is missing");
        return;
      }
      expected = Math.max(expected, purge.number() + 1);
    }
    send(new FromEdge.PurgeAck(parts.purges().applyPurges(batch)));
    checkInStep(first);
  }

  private FromControl.Welcome needWelcome() {
    FromControl.Welcome first = welcome;
    if (first == null) {
      throw new IllegalArgumentException("no welcome came first");
    }
    return first;
  }

  private void checkInStep(FromControl.Welcome first) {
    if (parts.active().state().revisionIn(first.logId()) >= first.headRevision()
        && parts.purges().lastPurge() >= first.headPurge()) {
      events.inStep();
    }
  }

  @Override
  public void onError(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    end(String.valueOf(cause.getMessage()));
  }

  @Override
  public void onCompleted() {
    end("the control plane ended the stream");
  }

  private void end(String reason) {
    if (!ended) {
      ended = true;
      events.ended(this, reason);
    }
  }

  private void send(FromEdge message) {
    if (out != null && !ended) {
      out.onNext(SyncCodec.encode(message));
    }
  }
}
