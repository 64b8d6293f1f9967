package dev.perigee.edge.respond.coding;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Zstandard (RFC 8878) by its own library, with no larger window than RFC 9659 allows. */
final class ZstdDecoder implements BodyDecoder {
  /** 8 MiB. */
  static final int WINDOW_LOG = 23;

  private static final int BUFFER = 16 * 1024;

  private final ZstdDecompressCtx context = new ZstdDecompressCtx();
  private final ByteBuffer input = ByteBuffer.allocateDirect(BUFFER).limit(0);
  private final ByteBuffer output = ByteBuffer.allocateDirect(BUFFER);
  private boolean whole;
  private boolean mayHaveMore;

  ZstdDecoder() {
    context.setLongMax(WINDOW_LOG);
  }

  @Override
  public void decode(ByteBuffer in, ByteBuffer out) throws IOException {
    while (out.hasRemaining()) {
      if (!input.hasRemaining()) {
        fill(in);
      }
      if (!input.hasRemaining() && !mayHaveMore) {
        return;
      }
      output.clear().limit(Math.min(BUFFER, out.remaining()));
      try {
        whole = context.decompressDirectByteBufferStream(output, input);
      } catch (ZstdException e) {
        throw new IOException("not zstd", e);
      }
      mayHaveMore = !output.hasRemaining() && !whole;
      out.put(output.flip());
    }
  }

  private void fill(ByteBuffer in) {
    input.clear();
    int count = Math.min(input.remaining(), in.remaining());
    input.put(in.slice(in.position(), count)).flip();
    in.position(in.position() + count);
  }

  @Override
  public boolean isWhole() {
    return whole && !input.hasRemaining();
  }

  @Override
  public void close() {
    context.close();
  }
}
