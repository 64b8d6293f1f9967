package dev.perigee.edge.config;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.Purge;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.EdgeMessage;
import dev.perigee.edge.limit.RateLimits;
import io.grpc.stub.ClientCallStreamObserver;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A sync stream without a network: what comes in is said, what goes out is kept. */
final class StreamAlone implements PurgeSink, GeoSink, SyncStream.Events {
  static final String LOG = "log";

  private final SyncStream stream;
  private @Nullable EdgeMessage last;

  StreamAlone(Path folder, ActiveConfig active, LastGoodStore lastGood) {
    ControlAddress nowhere = new ControlAddress("127.0.0.1", 1);
    ServingState serving =
        new ServingState(
            Duration.ofDays(1),
            this::lastPurge,
            InstantSource.system(),
            System::nanoTime,
            folder.resolve("contact"));
    stream =
        new SyncStream(
            new SyncStream.Parts(
                new SyncConfig("fra-1", "test", List.of(nowhere), folder.resolve("planes")),
                this,
                serving,
                active,
                lastGood,
                (order, done) -> {},
                this,
                new RateLimits(1024, System::nanoTime, new Random(1)).fleet(),
                new TicketKeeper(
                    folder.resolve("ticket-keys"),
                    StateKeys.none(),
                    InstantSource.system(),
                    new SecureRandom(),
                    keys -> {}),
                Trust.unsaid(),
                System::nanoTime),
            this);
    stream.beforeStart(new Out());
    stream.onNext(SyncCodec.encode(new FromControl.Welcome(LOG, 1, 0, 0)));
  }

  void say(ControlMessage message) {
    stream.onNext(message);
  }

  /** What went out last. */
  FromEdge said() {
    EdgeMessage message = last;
    if (message == null) {
      throw new AssertionError("nothing was said");
    }
    return SyncCodec.decode(message);
  }

  private final class Out extends ClientCallStreamObserver<EdgeMessage> {
    @Override
    public void onNext(EdgeMessage message) {
      last = message;
    }

    @Override
    public void cancel(@Nullable String reason, @Nullable Throwable cause) {
      throw new AssertionError(reason, cause);
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {}

    @Override
    public void request(int count) {}

    @Override
    public void setMessageCompression(boolean enable) {}

    @Override
    public void disableAutoInboundFlowControl() {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }

  @Override
  public long applyPurges(List<Purge> purges) {
    return 0;
  }

  @Override
  public long lastPurge() {
    return 0;
  }

  @Override
  public String logId() {
    return LOG;
  }

  @Override
  public void adopt(String logId, long purgedThrough) {}

  @Override
  public List<GeoHolding> holdings() {
    return List.of();
  }

  @Override
  public void take(GeoChunk chunk, Consumer<FromEdge.GeoReport> reports) {}

  @Override
  public void welcomed() {}

  @Override
  public void trusted() {}

  @Override
  public void told(List<String> controlPlanes) {}

  @Override
  public void inStep() {}

  @Override
  public void ended(SyncStream which, String reason) {}

  @Override
  public void later(Runnable action) {}
}
