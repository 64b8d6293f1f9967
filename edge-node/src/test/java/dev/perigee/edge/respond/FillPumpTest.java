package dev.perigee.edge.respond;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.collapse.Fill;
import dev.perigee.edge.collapse.WindowBudget;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Many readers of one body in flight, on one thread. */
class FillPumpTest {
  private static final Segment.Bytes ALL = new Segment.Bytes(0, Long.MAX_VALUE);

  private final Deque<Runnable> thread = new ArrayDeque<>();
  private final Fill fill =
      new Fill(Optional.empty(), new WindowBudget(1 << 20, 1 << 20), () -> {}, () -> {});

  /** What the client got; every third write goes only half way at once, if it is a slow one. */
  private final class Client implements ResponseSink {
    final ByteArrayOutputStream got = new ByteArrayOutputStream();
    final boolean isSlow;
    boolean isFinished;
    int writes;

    Client(boolean isSlow) {
      this.isSlow = isSlow;
    }

    @Override
    public void start(ResponseHead head, OptionalLong length) {}

    @Override
    public boolean isStarted() {
      return true;
    }

    @Override
    public boolean write(ByteBuffer bytes, Runnable resume) {
      byte[] part = new byte[bytes.remaining()];
      bytes.get(part);
      got.writeBytes(part);
      boolean waits = isSlow && ++writes % 3 == 0;
      if (waits) {
        thread.add(resume);
      }
      return !waits;
    }

    @Override
    public void finish() {
      isFinished = true;
    }

    @Override
    public void breakOff() {
      throw new AssertionError("broken off");
    }

    @Override
    public void onAbandoned(Runnable action) {}
  }

  private Client join(boolean isSlow, Segment.Bytes span) {
    Client client = new Client(isSlow);
    FillPump.join(fill, client, thread::add).orElseThrow().start(List.of(span));
    return client;
  }

  private void runOne() {
    thread.removeFirst().run();
  }

  private void runAll() {
    while (!thread.isEmpty()) {
      runOne();
    }
  }

  /** The story: the last of a thousand waited until all others had been given 64 KiB. */
  @Test
  void everyReaderHasItsFirstBytesBeforeAnyHasMore() {
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      clients.add(join(false, ALL));
    }
    for (int part = 0; part < 4; part++) {
      fill.offer(ByteBuffer.allocate(16 * 1024));
    }
    for (int i = 0; i < 100; i++) {
      runOne();
    }
    for (Client client : clients) {
      assertEquals(FillPump.FIRST_BYTES, client.got.size());
    }
    runAll();
    for (Client client : clients) {
      assertEquals(64 * 1024, client.got.size());
    }
  }

  @Test
  void whoReadsAloneIsGivenAllThereIsAtOnce() {
    Client client = join(false, ALL);
    fill.offer(ByteBuffer.allocate(16 * 1024));
    fill.finish();
    runOne();
    assertEquals(16 * 1024, client.got.size());
    assertTrue(client.isFinished);
  }

  @Test
  void everyReaderGetsItsPartWhateverItsPace() {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("FillPumpTest seed " + seed);
    Random random = new Random(seed);
    byte[] body = new byte[300_000];
    random.nextBytes(body);
    List<Client> clients = new ArrayList<>();
    List<Segment.Bytes> spans = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      int first = random.nextInt(body.length);
      boolean part = random.nextBoolean();
      spans.add(
          part ? new Segment.Bytes(first, first + 1 + random.nextInt(body.length - first)) : ALL);
      clients.add(join(random.nextBoolean(), spans.getLast()));
    }
    for (int sent = 0; sent < body.length; ) {
      int count = Math.min(body.length - sent, 1 + random.nextInt(20_000));
      fill.offer(ByteBuffer.wrap(body, sent, count));
      sent += count;
      for (int turns = random.nextInt(40); turns > 0 && !thread.isEmpty(); turns--) {
        runOne();
      }
    }
    fill.finish();
    runAll();
    for (int i = 0; i < clients.size(); i++) {
      Segment.Bytes span = spans.get(i);
      int end = (int) Math.min(body.length, span.end());
      byte[] expected = Arrays.copyOfRange(body, (int) span.first(), end);
      assertArrayEquals(
          expected, clients.get(i).got.toByteArray(), "seed " + seed + " reader " + i);
      assertTrue(clients.get(i).isFinished, "seed " + seed + " reader " + i);
    }
  }
}
