package dev.perigee.edge.pipeline;

import dev.perigee.edge.request.BodySource;
import java.nio.ByteBuffer;

/** Reads to the end and keeps nothing, so that the connection can be used again. */
final class Drain implements BodySource.Receiver {
  @Override
  public boolean take(ByteBuffer part) {
    return true;
  }

  @Override
  public void end() {}

  @Override
  public void broken(String reason) {}
}
