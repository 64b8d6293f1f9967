package dev.perigee.control.stream;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.PurgeFrames;
import dev.perigee.contract.SyncCodec;
import dev.perigee.control.changelog.PurgeWindow;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/** A message to edges, encoded once: any number of streams send the same bytes. */
final class WireMessage {
  /** Writes what is encoded already; a control plane never reads such a message. */
  static final MethodDescriptor.Marshaller<WireMessage> MARSHALLER = new Marshaller();

  private final List<PurgeWindow.Piece> pieces;
  private final int bytes;

  private WireMessage(List<PurgeWindow.Piece> pieces) {
    this.pieces = pieces;
    this.bytes = pieces.stream().mapToInt(PurgeWindow.Piece::length).sum();
  }

  static WireMessage of(FromControl message) {
    return new WireMessage(List.of(PurgeWindow.Piece.of(SyncCodec.encode(message).toByteArray())));
  }

  /** Purges, with the bytes that the window has of them. */
  static WireMessage of(PurgeWindow.Run run) {
    List<PurgeWindow.Piece> pieces = new ArrayList<>(run.pieces().size() + 1);
    pieces.add(PurgeWindow.Piece.of(PurgeFrames.head(run.bytes())));
    pieces.addAll(run.pieces());
    return new WireMessage(pieces);
  }

  int bytes() {
    return bytes;
  }

  private static final class Marshaller implements MethodDescriptor.Marshaller<WireMessage> {
    @Override
    public InputStream stream(WireMessage message) {
      return new Drain(message);
    }

    @Override
    public WireMessage parse(InputStream stream) {
      throw new UnsupportedOperationException("messages to edges are only written");
    }
  }

  /** Gives the pieces away as they are; gRPC asks for nothing else. */
  private static final class Drain extends InputStream implements Drainable, KnownLength {
    private final WireMessage message;
    private int left;

    Drain(WireMessage message) {
      this.message = message;
      this.left = message.bytes();
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      for (PurgeWindow.Piece piece : message.pieces) {
        piece.writeTo(target);
      }
      int drained = left;
      left = 0;
      return drained;
    }

    @Override
    public int available() {
      return left;
    }

    @Override
    public int read() {
      throw new UnsupportedOperationException("it is drained whole");
    }

    @Override
    public int read(byte[] target, int at, int most) {
      throw new UnsupportedOperationException("it is drained whole");
    }
  }
}
