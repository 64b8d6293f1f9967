package dev.perigee.contract;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.perigee.contract.sync.v1.ReaderCertificates;

/**
 * Two-way codec of what sites ask of their readers' certificates. A mode that this build does not
 * know is the strictest one that it does.
 */
public final class ClientCertificatesCodec {
  private ClientCertificatesCodec() {}

  /** As databases keep it; no bytes where nobody is asked. */
  public static byte[] toBytes(ClientCertificates asked) {
    return encode(asked).toByteArray();
  }

  /** What {@link #toBytes} wrote. */
  public static ClientCertificates of(byte[] bytes) {
    try {
      return decode(ReaderCertificates.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not what a site asks of certificates", e);
    }
  }

  static ReaderCertificates encode(ClientCertificates asked) {
    ReaderCertificates.Builder out = ReaderCertificates.newBuilder();
    if (asked.isAsked()) {
      out.setMode(asked.mode().token());
    }
    asked.authorities().forEach(der -> out.addAuthorities(ByteString.copyFrom(der.toArray())));
    return out.build();
  }

  static ClientCertificates decode(ReaderCertificates message) {
    String mode = message.getMode();
    return new ClientCertificates(
        mode.isEmpty()
            ? ClientCertificates.Mode.OFF
            : ClientCertificates.Mode.of(mode).orElse(ClientCertificates.Mode.REQUIRED),
        message.getAuthoritiesList().stream().map(der -> Bytes.copyOf(der.toByteArray())).toList());
  }
}
