package dev.perigee.control.stream;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.EdgeMessage;
import dev.perigee.contract.sync.v1.EdgeSyncGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** An edge's end of one sync stream: says what a test tells it to, and keeps what comes. */
final class TestEdge implements AutoCloseable {
  private static final long WAIT_SECONDS = 20;

  private final ManagedChannel channel;
  private final BlockingQueue<ControlMessage> came = new LinkedBlockingQueue<>();
  private final CompletableFuture<Status> end = new CompletableFuture<>();
  private final StreamObserver<EdgeMessage> out;
  private @Nullable ClientCallStreamObserver<EdgeMessage> call;

  /** One that reads whatever comes. */
  TestEdge(ManagedChannel channel) {
    this(channel, false);
  }

  /** One that reads only what {@link #take} says, or everything. */
  TestEdge(ManagedChannel channel, boolean slow) {
    this.channel = channel;
    this.out = EdgeSyncGrpc.newStub(channel).sync(new Incoming(slow));
  }

  private final class Incoming implements ClientResponseObserver<EdgeMessage, ControlMessage> {
    private final boolean slow;

    Incoming(boolean slow) {
      this.slow = slow;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<EdgeMessage> stream) {
      call = stream;
      if (slow) {
        stream.disableAutoRequestWithInitial(0);
      }
    }

    @Override
    public void onNext(ControlMessage message) {
      came.add(message);
    }

    @Override
    public void onError(Throwable problem) {
      end.complete(Status.fromThrowable(problem));
    }

    @Override
    public void onCompleted() {
      end.complete(Status.OK);
    }
  }

  /** Reads so many messages more. */
  TestEdge take(int messages) {
    ClientCallStreamObserver<EdgeMessage> begun = call;
    if (begun == null) {
      throw new AssertionError("the call did not begin");
    }
    begun.request(messages);
    return this;
  }

  TestEdge hello(String node, long revision, long purge, String logId) {
    return hello(node, revision, purge, logId, List.of());
  }

  /** One that takes GeoIP databases. */
  TestEdge hello(String node, long revision, long purge, String logId, List<GeoHolding> geo) {
    Set<String> features = Set.of(FromEdge.Hello.WARM_UP, FromEdge.Hello.GEO_NONE);
    say(new FromEdge.Hello(node, "test", revision, purge, logId, features, geo));
    return this;
  }

  void say(FromEdge message) {
    out.onNext(SyncCodec.encode(message));
  }

  /** Acknowledges an update. */
  void ack(FromControl.Update update) {
    say(new FromEdge.Ack(update.nonce(), update.revision(), List.of()));
  }

  /** The next message, encoded, as its size is looked at. */
  ControlMessage raw() throws InterruptedException {
    ControlMessage message = came.poll(WAIT_SECONDS, TimeUnit.SECONDS);
    if (message == null) {
      throw new AssertionError("nothing came; the stream ended: " + end.getNow(Status.UNKNOWN));
    }
    return message;
  }

  /** What comes within a time that a test cannot wait longer than; empty where nothing does. */
  Optional<FromControl> within(long millis) throws InterruptedException {
    return Optional.ofNullable(came.poll(millis, TimeUnit.MILLISECONDS)).map(SyncCodec::decode);
  }

  /** The next message, which must be of this kind. */
  <T extends FromControl> T next(Class<T> kind) throws InterruptedException {
    FromControl message = SyncCodec.decode(raw());
    if (!kind.isInstance(message)) {
      throw new AssertionError("expected " + kind.getSimpleName() + ", came " + message);
    }
    return kind.cast(message);
  }

  /** How the control plane ended the stream. */
  Status ended() throws Exception {
    try {
      return end.get(WAIT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("the stream is still open", e);
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
