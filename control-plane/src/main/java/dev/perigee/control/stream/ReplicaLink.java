package dev.perigee.control.stream;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.replica.v1.FleetExchangeGrpc;
import dev.perigee.contract.replica.v1.NodeReport;
import dev.perigee.contract.replica.v1.NodeReports;
import dev.perigee.contract.replica.v1.WatchRequest;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.store.Replica;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one other control plane says of its nodes, over a call that is begun again whenever it ends.
 * The other one says something every second: a link that was cut in silence is noticed by that.
 */
final class ReplicaLink implements Runnable, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicaLink.class);
  private static final int MAX_MESSAGE = 16 << 20;
  private static final Duration SILENCE = Duration.ofSeconds(3);

  private static final long LOOK_MILLIS = 250;
  private static final long RETRY_MILLIS = 500;

  /** Until a control plane of an earlier build, which has no such service, is asked again. */
  private static final long EARLIER_BUILD_MILLIS = 30_000;

  private final String self;
  private final Replica other;
  private final Supplier<SslContext> tls;
  private final Fleet fleet;
  private final BiConsumer<String, FromEdge.Demands> demands;
  private final InstantSource clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable ManagedChannel channel;

  /** When the other one said something, over any call; at first as if it just had. */
  private volatile long heardMillis;

  ReplicaLink(
      String self,
      Replica other,
      Supplier<SslContext> tls,
      Fleet fleet,
      BiConsumer<String, FromEdge.Demands> demands,
      InstantSource clock) {
    this.self = self;
    this.other = other;
    this.tls = tls;
    this.fleet = fleet;
    this.demands = demands;
    this.clock = clock;
    this.heardMillis = clock.millis();
  }

  /** What to ask over; empty between two calls. */
  Optional<ManagedChannel> channel() {
    return Optional.ofNullable(channel);
  }

  /** Whether the other one said something after a time. */
  boolean isHeardSince(Instant time) {
    return heardMillis > time.toEpochMilli();
  }

  @Override
  public void run() {
    try {
      while (!isClosed()) {
        Status end = watch();
        LOG.debug("the link to {} ended: {}", other.address(), end);
        boolean earlier = end.getCode() == Status.Code.UNIMPLEMENTED;
        closed.await(earlier ? EARLIER_BUILD_MILLIS : RETRY_MILLIS, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private Status watch() throws InterruptedException {
    int colon = other.address().lastIndexOf(':');
    String host = other.address().substring(0, colon).replaceAll("^\\[|\\]$", "");
    ManagedChannel open =
        NettyChannelBuilder.forAddress(host, Integer.parseInt(other.address().substring(colon + 1)))
            .sslContext(tls.get())
            .executor(task -> Thread.ofVirtual().name("replica-heard").start(task))
            .maxInboundMessageSize(MAX_MESSAGE)
            .disableRetry()
            .build();
    channel = open;
    try {
      Call call = new Call();
      FleetExchangeGrpc.newStub(open)
          .watch(WatchRequest.newBuilder().setReplica(self).build(), call);
      while (!call.ended.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        if (isClosed()) {
          return Status.CANCELLED;
        }
        if (call.saidMillis < clock.millis() - SILENCE.toMillis()) {
          return Status.UNAVAILABLE.withDescription("it says nothing");
        }
      }
      return call.end;
    } finally {
      channel = null;
      open.shutdownNow();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    ManagedChannel open = channel;
    if (open != null) {
      open.shutdownNow();
    }
  }

  /** What comes over one call. */
  private final class Call implements StreamObserver<NodeReports> {
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile long saidMillis = clock.millis();
    private volatile Status end = Status.OK;

    @Override
    public void onNext(NodeReports reports) {
      saidMillis = clock.millis();
      for (NodeReport report : reports.getNodesList()) {
        try {
          fleet.heard(other.id(), ReportCodec.decode(report, clock.instant()));
          long held = ReportCodec.tokensHeld(report);
          fleet.tokens().heard(other.id(), report.getNode(), report.getConnected(), held);
          ReportCodec.demands(report).ifPresent(wanted -> demands.accept(report.getNode(), wanted));
        } catch (IllegalArgumentException e) {
          LOG.debug("of {}", other.address(), e);
        }
      }
      fleet.probes().heard(other.id(), reports.getVotes(), ReportCodec.reached(reports));
      // What it said counts before it is known that it said anything.
      heardMillis = saidMillis;
    }

    @Override
    public void onError(Throwable problem) {
      end = Status.fromThrowable(problem);
      ended.countDown();
    }

    @Override
    public void onCompleted() {
      ended.countDown();
    }
  }
}
