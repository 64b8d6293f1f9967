package dev.perigee.benchmarks.sync;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.Purge;
import dev.perigee.contract.sync.v1.PurgeBatch;
import dev.perigee.contract.sync.v1.Update;
import dev.perigee.contract.sync.v1.Welcome;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.io.InputStream;

/**
 * What a simulated edge reads of a message: ten thousand edges in one process cannot each build the
 * sites and nodes of an update.
 */
sealed interface Received {
  MethodDescriptor.Marshaller<Received> MARSHALLER = new Marshaller();

  /** The log's identity and heads, and what counts as purged. */
  record Welcomed(String logId, long revision, long purge, long purgedThrough)
      implements Received {}

  /** Of purges in order without a gap, the first and the last. */
  record Purges(long first, long last) implements Received {}

  /** One part of an update. */
  record Part(String nonce, long revision, boolean last) implements Received {}

  /** Anything else. */
  record Other() implements Received {}

  /** Reads the wire form. */
  final class Marshaller implements MethodDescriptor.Marshaller<Received> {
    private static final Received OTHER = new Other();

    @Override
    public InputStream stream(Received message) {
      throw new UnsupportedOperationException("a simulated edge only reads these");
    }

    @Override
    public Received parse(InputStream stream) {
      try {
        CodedInputStream in = CodedInputStream.newInstance(stream.readAllBytes());
        int field = WireFormat.getTagFieldNumber(in.readTag());
        return switch (field) {
          case ControlMessage.WELCOME_FIELD_NUMBER -> welcome(in);
          case ControlMessage.PURGES_FIELD_NUMBER -> purges(in);
          case ControlMessage.UPDATE_FIELD_NUMBER -> part(in);
          default -> OTHER;
        };
      } catch (IOException e) {
        throw new IllegalArgumentException(e);
      }
    }

    private static Received welcome(CodedInputStream in) throws IOException {
      Welcome welcome = Welcome.parseFrom(in.readByteArray());
      return new Welcomed(
          welcome.getLogId(),
          welcome.getHeadRevision(),
          welcome.getHeadPurge(),
          welcome.getPurgedThrough());
    }

    private static Received purges(CodedInputStream in) throws IOException {
      int end = in.readRawVarint32() + in.getTotalBytesRead();
      long first = 0;
      long last = 0;
      while (in.getTotalBytesRead() < end) {
        expect(in, PurgeBatch.PURGES_FIELD_NUMBER);
        int next = in.readRawVarint32() + in.getTotalBytesRead();
        expect(in, Purge.NUMBER_FIELD_NUMBER);
        long number = in.readInt64();
        if (first == 0) {
          first = number;
        } else if (number != last + 1) {
          throw new IOException("purge " + number + " came after " + last);
        }
        last = number;
        in.skipRawBytes(next - in.getTotalBytesRead());
      }
      return new Purges(first, last);
    }

    /** The first fields of an update, which say what it is. */
    private static Received part(CodedInputStream in) throws IOException {
      int end = in.readRawVarint32() + in.getTotalBytesRead();
      String nonce = "";
      long revision = 0;
      while (in.getTotalBytesRead() < end) {
        int tag = in.readTag();
        switch (WireFormat.getTagFieldNumber(tag)) {
          case Update.NONCE_FIELD_NUMBER -> nonce = in.readString();
          case Update.REVISION_FIELD_NUMBER -> revision = in.readInt64();
          case Update.FROM_REVISION_FIELD_NUMBER, Update.PART_FIELD_NUMBER -> in.skipField(tag);
          case Update.LAST_FIELD_NUMBER -> {
            return new Part(nonce, revision, in.readBool());
          }
          default -> {
            return new Part(nonce, revision, false);
          }
        }
      }
      return new Part(nonce, revision, false);
    }

    private static void expect(CodedInputStream in, int field) throws IOException {
      if (WireFormat.getTagFieldNumber(in.readTag()) != field) {
        throw new IOException("the messages' form is another one");
      }
    }
  }
}
