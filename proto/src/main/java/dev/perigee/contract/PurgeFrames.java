package dev.perigee.contract;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.PurgeBatch;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A message of purges in pieces that other messages share: each purge is encoded once, as a frame,
 * and any run of frames behind a head that says how long it is makes a message.
 */
public final class PurgeFrames {
  /** Bytes that the head of a message has at most. */
  public static final int HEAD_BYTES = 16;

  private PurgeFrames() {}

  /**
   * One purge as it stands in a message.
   *
   * @param purge as {@link SyncCodec#toBytes(Purge)} wrote it
   */
  public static byte[] frame(byte[] purge) {
    int tag = CodedOutputStream.computeTagSize(PurgeBatch.PURGES_FIELD_NUMBER);
    byte[] frame = new byte[tag + prefixed(purge.length)];
    CodedOutputStream out = CodedOutputStream.newInstance(frame);
    try {
      out.writeByteArray(PurgeBatch.PURGES_FIELD_NUMBER, purge);
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return frame;
  }

  /** What stands before frames of so many bytes altogether. */
  public static byte[] head(int frameBytes) {
    int tag = CodedOutputStream.computeTagSize(ControlMessage.PURGES_FIELD_NUMBER);
    byte[] head = new byte[tag + CodedOutputStream.computeUInt32SizeNoTag(frameBytes)];
    CodedOutputStream out = CodedOutputStream.newInstance(head);
    try {
      out.writeTag(ControlMessage.PURGES_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(frameBytes);
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return head;
  }

  private static int prefixed(int length) {
    return CodedOutputStream.computeUInt32SizeNoTag(length) + length;
  }
}
