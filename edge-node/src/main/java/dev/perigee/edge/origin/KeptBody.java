package dev.perigee.edge.origin;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A request's body whose begin is kept, so that it can be delivered again from its first byte to
 * another server: as long as no more of it came than may be kept. Used on one I/O thread.
 */
final class KeptBody implements BodySource.Receiver {
  private static final byte[] NOTHING = {};
  private static final int LEAST = 4096;

  private final BodySource source;
  private final long most;
  private final Room room;
  private byte[] kept = NOTHING;
  private int size;
  private int delivered;
  private @Nullable View view;
  private BodySource.@Nullable Receiver to;
  private boolean started;
  private boolean paused;
  private boolean sourcePaused;
  private boolean ended;
  private boolean broken;
  private boolean overflown;
  private boolean settled;

  /** The bytes that all bodies of a node may keep. */
  static final class Room {
    private final long most;
    private final AtomicLong held = new AtomicLong();

    Room(long most) {
      this.most = most;
    }

    private boolean take(long bytes) {
      if (held.addAndGet(bytes) <= most) {
        return true;
      }
      held.addAndGet(-bytes);
      return false;
    }

    private void give(long bytes) {
      held.addAndGet(-bytes);
    }

    long held() {
      return held.get();
    }
  }

  /**
   * @param most bytes of it that are kept
   */
  KeptBody(BodySource source, long most, Room room) {
    this.source = source;
    this.most = most;
    this.room = room;
  }

  /** Whether it can be delivered from its first byte. */
  boolean isWhole() {
    return !overflown && !broken && !settled;
  }

  /** It will not be delivered again. */
  void settle() {
    settled = true;
    if (isLive()) {
      drop();
    }
  }

  /** Nobody wants it any more. */
  void abandon() {
    settled = true;
    drop();
    if (started && !ended && !broken) {
      source.cancel();
    }
  }

  /** The body as one attempt sees it; the views of earlier attempts have no say any more. */
  BodySource view() {
    View next = new View();
    view = next;
    to = null;
    return next;
  }

  private final class View implements BodySource {
    @Override
    public OptionalLong length() {
      return source.length();
    }

    @Override
    public FieldList trailers() {
      return source.trailers();
    }

    @Override
    public void deliver(Receiver receiver) {
      if (view == this) {
        KeptBody.this.deliver(receiver);
      }
    }

    @Override
    public void resume() {
      if (view == this) {
        paused = false;
        goOn();
      }
    }

    /** The receiver goes; what it had is delivered again, if to anybody. */
    @Override
    public void cancel() {
      if (view == this) {
        to = null;
        if (settled) {
          abandon();
        }
      }
    }
  }

  private void deliver(BodySource.Receiver receiver) {
    if (started && !isWhole()) {
      throw new IllegalStateException("what was not kept cannot be delivered again");
    }
    to = receiver;
    delivered = 0;
    paused = false;
    if (started) {
      goOn();
    } else {
      started = true;
      source.deliver(this);
    }
  }

  /** What is kept goes out; then what comes. */
  private void goOn() {
    BodySource.Receiver receiver = to;
    View own = view;
    while (receiver != null && isOf(own) && !paused && !isLive()) {
      ByteBuffer part = ByteBuffer.wrap(kept, delivered, size - delivered);
      delivered = size;
      paused = !receiver.take(part);
    }
    if (receiver == null || !isOf(own) || paused) {
      return;
    }
    if (settled) {
      drop();
    }
    if (ended) {
      to = null;
      receiver.end();
    } else if (sourcePaused) {
      sourcePaused = false;
      source.resume();
    }
  }

  /** Whether the attempt goes on: taking a part may have ended it. */
  private boolean isOf(@Nullable View own) {
    return to != null && view == own;
  }

  private boolean isLive() {
    return overflown || delivered == size;
  }

  @Override
  public boolean take(ByteBuffer part) {
    BodySource.Receiver receiver = to;
    boolean live = receiver != null && isLive() && !paused;
    keep(part.duplicate(), live);
    if (receiver == null || !live) {
      sourcePaused = true;
      return false;
    }
    delivered = size;
    if (receiver.take(part)) {
      return true;
    }
    paused = true;
    sourcePaused = true;
    return false;
  }

  private void keep(ByteBuffer part, boolean live) {
    int count = part.remaining();
    boolean fits = !settled && size + count <= most;
    if (overflown || (live && !fits)) {
      overflown = true;
      drop();
      return;
    }
    if (size + count > kept.length) {
      int length = Math.max(LEAST, Math.max(size + count, kept.length * 2));
      if (!room.take(length - kept.length)) {
        if (live) {
          overflown = true;
          drop();
          return;
        }
        // One part past the room, rather than a request broken.
        room.held.addAndGet(length - kept.length);
      }
      kept = Arrays.copyOf(kept, length);
    }
    part.get(kept, size, count);
    size += count;
  }

  private void drop() {
    room.give(kept.length);
    kept = NOTHING;
    size = 0;
    delivered = 0;
  }

  @Override
  public void end() {
    ended = true;
    BodySource.Receiver receiver = to;
    if (receiver != null && isLive() && !paused) {
      receiver.end();
    }
  }

  @Override
  public void broken(String reason) {
    broken = true;
    drop();
    BodySource.Receiver receiver = to;
    to = null;
    if (receiver != null) {
      receiver.broken(reason);
    }
  }
}
