package dev.perigee.edge.listener;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.xnio.XnioIoThread;
import org.xnio.XnioWorker;
import org.xnio.channels.StreamSinkChannel;
import org.xnio.conduits.ConduitReadableByteChannel;
import org.xnio.conduits.Conduits;
import org.xnio.conduits.ReadReadyHandler;
import org.xnio.conduits.StreamSourceConduit;

/**
 * What the door does with each request that is a hit: the strict reading of an HTTP/1.1 head in
 * front of Undertow's parser, beside the conduit below it alone; and the look at the frames of one
 * HTTP/2 request and its answer.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class DoorBenchmark {
  private static final String BARE = "GET /hit/1 HTTP/1.1\r\nHost: shop.example\r\n\r\n";

  private static final String BROWSER =
      """
      GET /img/products/1842/front.webp?v=20261102 HTTP/1.1
      Host: www.shop.example
      User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0
      Accept: image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5
      Accept-Language: en-GB,en;q=0.7,de;q=0.3
      Accept-Encoding: gzip, deflate, br, zstd
      Referer: https://www.shop.example/products/1842
      Connection: keep-alive
      Cookie: session=4f2c9a1e7d; consent=1

      """
          .replace("\n", "\r\n");

  /** Which head. */
  @Param({"bare", "browser"})
  public String head = "";

  private final ByteBuffer room = ByteBuffer.allocateDirect(16 * 1024);
  private StreamSourceConduit alone = new Memory(new byte[0]);
  private StreamSourceConduit filtered = alone;
  private ByteBuffer in = room;
  private ByteBuffer out = room;
  private final FrameScan inScan = new FrameScan(0);
  private final FrameScan outScan = new FrameScan(0);
  private final FrameBudget budget =
      new FrameBudget(DoorLimits.DEFAULT, 32 * 1024, System.nanoTime());

  /** One head, and frames of as many octets. */
  @Setup
  public void fill() {
    byte[] octets = (head.equals("bare") ? BARE : BROWSER).getBytes(StandardCharsets.US_ASCII);
    alone = new Memory(octets);
    RequestFilter.Bounds bounds = new RequestFilter.Bounds(32 * 1024, 100, 10_000);
    filtered = new RequestFilter(new Memory(octets), bounds, (bytes, from, to) -> {});
    in = ByteBuffer.allocateDirect(16 * 1024);
    frame(in, octets.length / 2, FrameBudget.HEADERS, 5);
    in.flip();
    out = ByteBuffer.allocateDirect(16 * 1024);
    frame(out, 100, FrameBudget.HEADERS, 4);
    frame(out, 1024, 0, 1);
    out.flip();
  }

  private static void frame(ByteBuffer to, int length, int type, int flags) {
    to.putInt(length << 8 | type).put((byte) flags).putInt(1);
    to.position(to.position() + length);
  }

  /** The conduit below the filter. */
  @Benchmark
  public int conduitAlone() throws IOException {
    return alone.read(room.clear());
  }

  /** A head as the parser gets it. */
  @Benchmark
  public int requestFilter() throws IOException {
    return filtered.read(room.clear());
  }

  /** HEADERS that come, HEADERS and 1 KiB of DATA that go. */
  @Benchmark
  public FrameBudget frames() {
    long now = System.nanoTime();
    inScan.scan(
        in,
        0,
        in.limit(),
        (type, flags, stream, length) -> {
          var _ = budget.received(type, flags, length, now);
        });
    outScan.scan(
        out,
        0,
        out.limit(),
        (type, flags, stream, length) -> {
          var _ = budget.sent(type, now);
        });
    return budget;
  }

  /** A connection on which the same head comes again and again. */
  private static final class Memory implements StreamSourceConduit {
    private final ByteBuffer head;

    Memory(byte[] head) {
      this.head = ByteBuffer.wrap(head);
    }

    @Override
    public int read(ByteBuffer dst) {
      dst.put(head.rewind());
      return head.limit();
    }

    @Override
    public long read(ByteBuffer[] dsts, int offs, int len) {
      return read(dsts[offs]);
    }

    @Override
    public long transferTo(long position, long count, FileChannel target) throws IOException {
      return target.transferFrom(new ConduitReadableByteChannel(this), position, count);
    }

    @Override
    public long transferTo(long count, ByteBuffer through, StreamSinkChannel target)
        throws IOException {
      return Conduits.transfer(this, count, through, target);
    }

    @Override
    public boolean isReadShutdown() {
      return false;
    }

    @Override
    public void resumeReads() {
      // there is always more
    }

    @Override
    public void suspendReads() {
      // it is read when it is asked
    }

    @Override
    public void wakeupReads() {
      // there is always more
    }

    @Override
    public boolean isReadResumed() {
      return false;
    }

    @Override
    public void awaitReadable() {
      // there is always more
    }

    @Override
    public void awaitReadable(long time, TimeUnit unit) {
      // there is always more
    }

    @Override
    public @Nullable XnioIoThread getReadThread() {
      return null;
    }

    @Override
    public void setReadReadyHandler(ReadReadyHandler handler) {
      // nobody waits
    }

    @Override
    public void terminateReads() {
      // it has no end
    }

    @Override
    public @Nullable XnioWorker getWorker() {
      return null;
    }
  }
}
