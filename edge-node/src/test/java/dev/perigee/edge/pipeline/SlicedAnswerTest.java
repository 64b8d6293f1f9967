package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import dev.perigee.edge.respond.CacheStatus;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

/** Which slices an answer asks for and when, and which of their bytes it reads. */
class SlicedAnswerTest {
  private static final int SLICE = 1000;
  private static final int BLOCK = 100;
  private static final int TOTAL = 3500;
  private static final PipelineConfig CONFIG =
      new PipelineConfig("perigee", 1, 1, 1, 1, SLICE, 1000);

  private final Deque<Runnable> later = new ArrayDeque<>();
  private final List<String> log = new ArrayList<>();
  private final Reader reader = new Reader();

  private void begin(String range, long number) {
    Exchange exchange = new Asked(range, later::add, reader);
    SlicedAnswer.Source source =
        new SlicedAnswer.Source() {
          @Override
          public void slice(Answer own, long slice) {
            log.add("ask " + slice);
            own.stored(new StoredSlice(slice), 0, CacheStatus.hit("perigee", 60), 0);
          }

          @Override
          public void changed() {
            log.add("changed");
          }

          @Override
          public void wholly() {
            log.add("wholly");
          }
        };
    new SlicedAnswer(new Answer(exchange, new Nowhere(), CONFIG), CONFIG, source, () -> 0)
        .begin(number);
    run();
  }

  private static final class Nowhere implements ClientPlace {
    @Override
    public String country() {
      return UNKNOWN;
    }

    @Override
    public OptionalLong system() {
      return OptionalLong.empty();
    }
  }

  private void run() {
    while (!later.isEmpty()) {
      later.removeFirst().run();
    }
  }

  private static String body(int first, int last) {
    StringBuilder text = new StringBuilder();
    for (int i = first; i <= last; i++) {
      text.append((char) ('a' + (i + i / 26) % 26));
    }
    return text.toString();
  }

  @Test
  void aSliceIsReadFromThePlaceThatIsWanted() {
    begin("bytes=1330-1479", 1);
    assertEquals(body(1330, 1479), reader.text.toString());
    assertEquals(List.of("ask 1", "read 1330", "read 1430"), log);
    assertTrue(reader.finished);
  }

  @Test
  void severalPiecesOfOneSliceAreReadAtOnce() {
    begin("bytes=1100-1119,2500-2519,2100-2119", 1);
    String text = reader.text.toString();
    assertTrue(text.indexOf(body(1100, 1119)) < text.indexOf(body(2500, 2519)), text);
    assertTrue(text.indexOf(body(2500, 2519)) < text.indexOf(body(2100, 2119)), text);
    assertEquals(List.of("ask 1", "read 1100", "ask 2", "read 2500", "ask 2", "read 2100"), log);
    begin("bytes=5-9,950-959", 0);
    assertEquals("read 950", log.getLast(), "without asking again: " + log);
  }

  @Test
  void oneSliceAheadIsAskedForOnceTheReaderHasTakenSome() {
    reader.room = BLOCK - 1;
    begin("bytes=0-", 0);
    assertEquals(List.of("ask 0", "read 0"), log, "the reader has not taken that yet");
    reader.take(BLOCK);
    run();
    assertEquals(List.of("ask 0", "read 0", "read 100", "ask 1", "read 1000"), log);
    reader.take(5 * BLOCK);
    run();
    assertEquals(1, log.stream().filter(line -> line.startsWith("ask 1")).count());
    assertEquals(0, log.stream().filter(line -> line.equals("ask 2")).count(), "one and no more");
    reader.take(TOTAL);
    run();
    assertEquals(body(0, TOTAL - 1), reader.text.toString());
    assertTrue(reader.finished);
    assertEquals(4, log.stream().filter(line -> line.startsWith("ask")).count(), log.toString());
  }

  /** A reader that takes what it has room for. */
  private static final class Reader implements ResponseSink {
    private final StringBuilder text = new StringBuilder();
    private int room = Integer.MAX_VALUE;
    private boolean finished;
    private Runnable resume = () -> {};

    void take(int bytes) {
      room += bytes;
      if (room > 0) {
        Runnable goOn = resume;
        resume = () -> {};
        goOn.run();
      }
    }

    @Override
    public void start(ResponseHead head, OptionalLong length) {}

    @Override
    public boolean isStarted() {
      return true;
    }

    @Override
    public boolean write(ByteBuffer bytes, Runnable whenTaken) {
      room -= bytes.remaining();
      text.append(StandardCharsets.ISO_8859_1.decode(bytes));
      if (room < 0) {
        resume = whenTaken;
      }
      return room >= 0;
    }

    @Override
    public void finish() {
      finished = true;
    }

    @Override
    public void breakOff() {
      throw new AssertionError("broken off");
    }

    @Override
    public void onAbandoned(Runnable action) {}
  }

  private final class StoredSlice implements StoredResponse, StoredBody {
    private final int first;
    private final int last;
    private final StoredMeta meta;

    StoredSlice(long number) {
      first = (int) number * SLICE;
      last = Math.min(first + SLICE, TOTAL) - 1;
      FieldList fields =
          FieldList.of(
              "ETag", "\"1\"", "Content-Range", "bytes " + first + "-" + last + "/" + TOTAL);
      CacheKey key = CacheKey.of("shop", "www.shop.example", "/a").withSlice(number);
      meta =
          new StoredMeta(
              key,
              new ResponseHead(200, fields),
              List.of(),
              Map.of(),
              Set.of(),
              0,
              0,
              0,
              0,
              OptionalLong.empty());
    }

    @Override
    public StoredMeta meta() {
      return meta;
    }

    @Override
    public long id() {
      return 1;
    }

    @Override
    public long length() {
      return last - first + 1L;
    }

    @Override
    public Optional<StoredBody> open() {
      return Optional.of(this);
    }

    @Override
    public void read(long position, Reading reading) {
      int from = first + (int) position;
      log.add("read " + from);
      String block = body(from, Math.min(from + BLOCK - 1, last));
      reading.ready(ByteBuffer.wrap(block.getBytes(StandardCharsets.ISO_8859_1)));
    }

    @Override
    public void close() {}
  }

  /** A request for ranges of {@code /a}. */
  private record Asked(RequestHead head, Executor thread, ResponseSink sink) implements Exchange {
    Asked(String range, Executor thread, ResponseSink sink) {
      this(
          new RequestHead(
              "GET",
              "http",
              "www.shop.example",
              80,
              "/a",
              "HTTP/1.1",
              FieldList.of("Range", range),
              "127.0.0.1",
              false),
          thread,
          sink);
    }

    @Override
    public Optional<BodySource> body() {
      return Optional.empty();
    }

    @Override
    public void interim(InterimHead interim) {}

    @Override
    public void closeAfterwards() {}

    @Override
    public void onEnded(Ended action) {}
  }
}
