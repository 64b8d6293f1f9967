package dev.perigee.edge.respond.coding;

import com.aayushatharva.brotli4j.decoder.DecoderJNI;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Brotli (RFC 7932) by its own library. */
final class BrotliDecoder implements BodyDecoder {
  private static final int INPUT = 16 * 1024;

  private final DecoderJNI.Wrapper decoder;
  private boolean destroyed;

  BrotliDecoder() throws IOException {
    decoder = new DecoderJNI.Wrapper(INPUT);
  }

  @Override
  public void decode(ByteBuffer in, ByteBuffer out) throws IOException {
    while (out.hasRemaining()) {
      switch (decoder.getStatus()) {
        case NEEDS_MORE_OUTPUT -> out.put(decoder.pull(out.remaining()));
        case OK -> decoder.push(0);
        case NEEDS_MORE_INPUT -> {
          if (decoder.hasOutput()) {
            out.put(decoder.pull(out.remaining()));
          } else if (in.hasRemaining()) {
            push(in);
          } else {
            return;
          }
        }
        case DONE -> {
          if (!decoder.hasOutput()) {
            if (in.hasRemaining()) {
              throw new IOException("something follows a brotli stream");
            }
            return;
          }
          out.put(decoder.pull(out.remaining()));
        }
        case ERROR -> throw new IOException("not brotli");
      }
    }
  }

  private void push(ByteBuffer in) {
    ByteBuffer input = decoder.getInputBuffer();
    input.clear();
    int count = Math.min(input.remaining(), in.remaining());
    input.put(in.slice(in.position(), count));
    in.position(in.position() + count);
    decoder.push(count);
  }

  @Override
  public boolean isWhole() {
    return decoder.getStatus() == DecoderJNI.Status.DONE && !decoder.hasOutput();
  }

  @Override
  public void close() {
    if (!destroyed) {
      destroyed = true;
      decoder.destroy();
    }
  }
}
