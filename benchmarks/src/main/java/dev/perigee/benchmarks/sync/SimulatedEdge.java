package dev.perigee.benchmarks.sync;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.EdgeMessage;
import dev.perigee.contract.sync.v1.EdgeSyncGrpc;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Set;

/**
 * One node that says what a real one says: Hello, an acknowledgement of each update and of purges,
 * heartbeats, and whether the control plane lives. It journals nothing.
 */
final class SimulatedEdge implements StreamObserver<Received> {
  private static final MethodDescriptor<EdgeMessage, Received> SYNC =
      EdgeSyncGrpc.getSyncMethod().toBuilder(
              EdgeSyncGrpc.getSyncMethod().getRequestMarshaller(), Received.MARSHALLER)
          .build();

  private static final EdgeMessage PING = SyncCodec.encode(new FromEdge.Ping());

  private final String node;
  private final ManagedChannel channel;
  private final Listener listener;
  private final Object sending = new Object();
  private StreamObserver<EdgeMessage> out = new NotOpen();
  private volatile String logId = "";
  private volatile long heardNanos;
  private volatile long revision;
  private volatile long purge;
  private volatile long headRevision = Long.MAX_VALUE;
  private volatile long headPurge;
  private volatile boolean over;

  /** Hears what became of all edges. */
  interface Listener {
    /** Purges after one and up to another one are in force on a node. */
    void purged(long from, long through);

    /** A node went from one revision to another. */
    void updated(long from, long to);

    /** A stream ended: the node comes again. */
    void ended(SimulatedEdge edge, String why);
  }

  SimulatedEdge(String node, ManagedChannel channel, Listener listener) {
    this.node = node;
    this.channel = channel;
    this.listener = listener;
  }

  /** Begins, or goes on with what the node has. */
  void connect() {
    synchronized (sending) {
      channel.resetConnectBackoff();
      over = false;
      heardNanos = 0;
      out = ClientCalls.asyncBidiStreamingCall(channel.newCall(SYNC, CallOptions.DEFAULT), this);
      Set<String> features = Set.of(FromEdge.Hello.WARM_UP, FromEdge.Hello.REPLICAS);
      say(
          SyncCodec.encode(
              new FromEdge.Hello(node, "study", revision, purge, logId, features, List.of())));
    }
  }

  void ping() {
    say(PING);
  }

  void beat() {
    FromEdge.Heartbeat beat =
        new FromEdge.Heartbeat(revision, purge, 0, 0, 0, true, "", List.of(), List.of(), List.of());
    say(SyncCodec.encode(beat));
  }

  private void say(EdgeMessage message) {
    synchronized (sending) {
      if (!over) {
        out.onNext(message);
      }
    }
  }

  /** Whether it has everything that Welcome named. */
  boolean isCurrent() {
    return !over && heardNanos != 0 && revision >= headRevision && purge >= headPurge;
  }

  long purge() {
    return purge;
  }

  long revision() {
    return revision;
  }

  /** When it last heard of the control plane; 0 before the first time. */
  long heardNanos() {
    return heardNanos;
  }

  @Override
  public void onNext(Received message) {
    heardNanos = System.nanoTime();
    switch (message) {
      case Received.Welcomed welcome -> {
        logId = welcome.logId();
        purge = Math.max(purge, welcome.purgedThrough());
        headPurge = welcome.purge();
        headRevision = welcome.revision();
      }
      case Received.Purges(long first, long last) -> {
        if (first != purge + 1) {
          throw new IllegalStateException(node + " has " + purge + " and got " + first);
        }
        purge = last;
        say(SyncCodec.encode(new FromEdge.PurgeAck(last)));
        listener.purged(first - 1, last);
      }
      case Received.Part(String nonce, long to, boolean last) -> {
        if (last) {
          long from = revision;
          revision = to;
          say(SyncCodec.encode(new FromEdge.Ack(nonce, to, List.of())));
          listener.updated(from, to);
        }
      }
      case Received.Other other -> {}
    }
  }

  @Override
  public void onError(Throwable problem) {
    over = true;
    listener.ended(this, String.valueOf(problem.getMessage()));
  }

  @Override
  public void onCompleted() {
    over = true;
    listener.ended(this, "completed");
  }

  void close() {
    over = true;
    channel.shutdownNow();
  }

  /** Before the call is there. */
  private static final class NotOpen implements StreamObserver<EdgeMessage> {
    @Override
    public void onNext(EdgeMessage message) {}

    @Override
    public void onError(Throwable problem) {}

    @Override
    public void onCompleted() {}
  }
}
