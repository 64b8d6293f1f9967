package dev.perigee.edge.origin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A body that was kept is delivered again from its first byte, and what was not is not. */
final class KeptBodyTest {
  private final Source source = new Source();
  private final KeptBody.Room room = new KeptBody.Room(1 << 20);
  private final KeptBody body = new KeptBody(source, 10, room);

  /** A body that a test sends part by part. */
  private static final class Source implements BodySource {
    private @Nullable Receiver receiver;
    private int resumed;
    private boolean cancelled;

    @Override
    public OptionalLong length() {
      return OptionalLong.empty();
    }

    @Override
    public void deliver(Receiver to) {
      receiver = to;
    }

    @Override
    public void resume() {
      resumed++;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }

    @Override
    public FieldList trailers() {
      return FieldList.builder().add("Digest", "abc").build();
    }

    boolean send(String text) {
      return to().take(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }

    Receiver to() {
      return java.util.Objects.requireNonNull(receiver);
    }
  }

  private BodySource deliver(Sink sink) {
    BodySource view = body.view();
    view.deliver(sink);
    return view;
  }

  private static final class Sink implements BodySource.Receiver {
    private final StringBuilder text = new StringBuilder();
    private boolean takes = true;

    @Override
    public boolean take(ByteBuffer part) {
      text.append(StandardCharsets.US_ASCII.decode(part));
      return takes;
    }

    @Override
    public void end() {
      text.append('.');
    }

    @Override
    public void broken(String reason) {
      text.append('!');
    }
  }

  @Test
  void theSecondServerGetsItFromTheFirstByte() {
    Sink first = new Sink();
    BodySource before = deliver(first);
    assertTrue(source.send("abc"));
    before.cancel();
    assertFalse(source.send("def"), "nobody takes it just now");
    Sink second = new Sink();
    deliver(second);
    before.cancel();
    before.resume();
    assertEquals(1, source.resumed);
    assertTrue(source.send("g"));
    source.to().end();
    assertEquals("abc", first.text.toString());
    assertEquals("abcdefg.", second.text.toString());
    Sink third = new Sink();
    deliver(third);
    assertEquals("abcdefg.", third.text.toString());
    body.settle();
    assertEquals(0, room.held());
    assertFalse(source.cancelled);
  }

  @Test
  void trailersFollowItToEveryServer() {
    deliver(new Sink());
    BodySource second = deliver(new Sink());
    source.send("abc");
    source.to().end();
    assertEquals("abc", second.trailers().first("Digest").orElse(""));
  }

  @Test
  void moreThanMayBeKeptGoesOnceOnly() {
    Sink sink = new Sink();
    deliver(sink);
    source.send("0123456789");
    assertTrue(body.isWhole());
    source.send("x");
    assertFalse(body.isWhole());
    source.to().end();
    assertEquals("0123456789x.", sink.text.toString());
    assertEquals(0, room.held());
    assertThrows(IllegalStateException.class, () -> deliver(new Sink()));
  }

  @Test
  void aSlowServerHoldsTheReaderBack() {
    Sink slow = new Sink();
    slow.takes = false;
    deliver(slow);
    assertFalse(source.send("abc"));
    source.to().end();
    assertEquals("abc", slow.text.toString());
    Sink other = new Sink();
    deliver(other);
    assertEquals("abc.", other.text.toString());
  }

  @Test
  void whatBrokeOffIsNotSentAgain() {
    Sink sink = new Sink();
    deliver(sink);
    source.send("abc");
    source.to().broken("gone");
    assertEquals("abc!", sink.text.toString());
    assertFalse(body.isWhole());
    assertEquals(0, room.held());
  }

  @Test
  void onceItIsAnsweredTheReaderMayBeCutOff() {
    BodySource view = deliver(new Sink());
    source.send("abc");
    body.settle();
    view.cancel();
    assertTrue(source.cancelled);
    assertEquals(0, room.held());
  }

  @Test
  void allBodiesOfANodeHaveOneRoom() {
    KeptBody small = new KeptBody(source, 10, new KeptBody.Room(100));
    Sink sink = new Sink();
    small.view().deliver(sink);
    source.send("abc");
    assertFalse(small.isWhole());
    assertEquals("abc", sink.text.toString());
  }
}
