package dev.perigee.control;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.atomic.LongAdder;

/** Streams whose bytes are counted, for who watches how far something is. */
final class Counted {
  private Counted() {}

  /** What is written. */
  static final class Out extends FilterOutputStream {
    private final LongAdder bytes;

    Out(OutputStream out, LongAdder bytes) {
      super(out);
      this.bytes = bytes;
    }

    @Override
    public void write(int one) throws IOException {
      out.write(one);
      bytes.increment();
    }

    @Override
    public void write(byte[] some, int from, int length) throws IOException {
      out.write(some, from, length);
      bytes.add(length);
    }
  }

  /** What is read. */
  static final class In extends FilterInputStream {
    private final LongAdder bytes;

    In(InputStream in, LongAdder bytes) {
      super(in);
      this.bytes = bytes;
    }

    @Override
    public int read() throws IOException {
      int one = super.read();
      if (one >= 0) {
        bytes.increment();
      }
      return one;
    }

    @Override
    public int read(byte[] some, int from, int length) throws IOException {
      int count = super.read(some, from, length);
      if (count > 0) {
        bytes.add(count);
      }
      return count;
    }
  }
}
