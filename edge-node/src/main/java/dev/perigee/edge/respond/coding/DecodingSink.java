package dev.perigee.edge.respond.coding;

import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/**
 * Takes a coded body and writes what it stands for, a buffer at a time and no faster than the
 * reader takes it: however much a body unfolds to, there is one buffer of it here. What is not of
 * its coding, or more than it may be, ends incomplete.
 */
public final class DecodingSink implements ResponseSink {
  private static final int BUFFER = 16 * 1024;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** From here on a ratio says something. */
  private static final long FREE_BYTES = 1 << 20;

  private final ResponseSink out;
  private final BodyDecoder decoder;
  private final CodingConfig config;
  private final Ending ending;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
  private ByteBuffer pending = NOTHING;
  private Runnable resume = () -> {};
  private Runnable abandoned = () -> {};
  private long read;
  private long written;

  /** Guarded by this: a connection may be closed by another thread. */
  private boolean over;

  /** Takes the end of one. */
  interface Ending {
    /** Told once. */
    void ended(boolean whole);
  }

  DecodingSink(ResponseSink out, BodyDecoder decoder, CodingConfig config, Ending ending) {
    this.out = out;
    this.decoder = decoder;
    this.config = config;
    this.ending = ending;
    out.onAbandoned(this::abandon);
  }

  @Override
  public void start(ResponseHead head, OptionalLong length) {
    out.start(head, OptionalLong.empty());
  }

  @Override
  public boolean isStarted() {
    return out.isStarted();
  }

  @Override
  public boolean write(ByteBuffer bytes, Runnable whenWritten) {
    read += bytes.remaining();
    pending = bytes;
    resume = whenWritten;
    return pump();
  }

  /** A loop and not a recursion, however much there is. */
  private boolean pump() {
    while (decode()) {
      if (!buffer.hasRemaining()) {
        return true;
      }
      written += buffer.remaining();
      if (isTooMuch()) {
        breakOff();
        return false;
      }
      if (!out.write(buffer, this::goOn)) {
        return false;
      }
    }
    return false;
  }

  private void goOn() {
    if (pump()) {
      resume.run();
    }
  }

  /** Fills the buffer; false where there is no more to be had. */
  private boolean decode() {
    boolean broken = false;
    synchronized (this) {
      if (over) {
        return false;
      }
      buffer.clear();
      try {
        decoder.decode(pending, buffer);
      } catch (IOException e) {
        broken = true;
      }
      buffer.flip();
    }
    if (broken) {
      breakOff();
    }
    return !broken;
  }

  private boolean isTooMuch() {
    return written > config.mostDecodedBytes()
        || (written > FREE_BYTES && written / config.mostRatio() > read);
  }

  @Override
  public void flush() {
    out.flush();
  }

  @Override
  public void finish() {
    finish(FieldList.empty());
  }

  @Override
  public void finish(FieldList trailers) {
    boolean whole;
    synchronized (this) {
      if (over) {
        return;
      }
      whole = read == 0 || decoder.isWhole();
    }
    if (whole) {
      end(true);
      out.finish(trailers);
    } else {
      breakOff();
    }
  }

  @Override
  public void breakOff() {
    if (end(false)) {
      out.breakOff();
    }
  }

  @Override
  public void onAbandoned(Runnable action) {
    abandoned = action;
  }

  /** Nothing was written, nor will be. */
  public void giveUp() {
    end(true);
  }

  private void abandon() {
    end(true);
    abandoned.run();
  }

  /** Whether it is only now over. */
  private synchronized boolean end(boolean whole) {
    if (over) {
      return false;
    }
    over = true;
    decoder.close();
    ending.ended(whole);
    return true;
  }
}
