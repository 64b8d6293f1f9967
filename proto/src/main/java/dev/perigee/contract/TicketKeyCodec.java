package dev.perigee.contract;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.perigee.contract.sync.v1.TicketKeys;
import java.time.Instant;

/** The part of {@link SyncCodec} that has to do with session tickets. */
public final class TicketKeyCodec {
  private TicketKeyCodec() {}

  static TicketKeys encode(FromControl.TicketKeys message) {
    TicketKeys.Builder out = TicketKeys.newBuilder();
    message.keys().forEach(key -> out.addKeys(encode(key)));
    return out.build();
  }

  private static dev.perigee.contract.sync.v1.TicketKey encode(TicketKey key) {
    return dev.perigee.contract.sync.v1.TicketKey.newBuilder()
        .setName(ByteString.copyFrom(key.name().toArray()))
        .setSecret(ByteString.copyFrom(key.secret().toArray()))
        .setBeginsMillis(key.begins().toEpochMilli())
        .setExpiresMillis(key.expires().toEpochMilli())
        .build();
  }

  static FromControl.TicketKeys decode(TicketKeys message) {
    return new FromControl.TicketKeys(
        message.getKeysList().stream().map(TicketKeyCodec::decode).toList());
  }

  private static TicketKey decode(dev.perigee.contract.sync.v1.TicketKey key) {
    return new TicketKey(
        Bytes.copyOf(key.getName().toByteArray()),
        Bytes.copyOf(key.getSecret().toByteArray()),
        Instant.ofEpochMilli(key.getBeginsMillis()),
        Instant.ofEpochMilli(key.getExpiresMillis()));
  }

  /** The form in which they lie on an edge's disk. */
  public static byte[] toBytes(FromControl.TicketKeys keys) {
    return encode(keys).toByteArray();
  }

  /** The keys that {@link #toBytes} wrote. */
  public static FromControl.TicketKeys of(byte[] bytes) {
    try {
      return decode(TicketKeys.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("no ticket keys", e);
    }
  }
}
