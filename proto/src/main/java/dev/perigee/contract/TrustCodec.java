package dev.perigee.contract;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.perigee.contract.sync.v1.Trust;
import dev.perigee.contract.sync.v1.Trusted;
import java.math.BigInteger;
import java.util.HexFormat;
import java.util.List;

/** The part of {@link SyncCodec} that has to do with whom nodes trust. */
public final class TrustCodec {
  private TrustCodec() {}

  static Trust encode(FromControl.Trust message) {
    Trust.Builder out = Trust.newBuilder();
    message.authorities().forEach(der -> out.addAuthoritiesDer(ByteString.copyFrom(der.toArray())));
    message.revoked().forEach(serial -> out.addRevoked(serial(serial)));
    return out.build();
  }

  private static ByteString serial(String hex) {
    return ByteString.copyFrom(new BigInteger(hex, 16).toByteArray());
  }

  static FromControl.Trust decode(Trust message) {
    return new FromControl.Trust(
        bytes(message.getAuthoritiesDerList()),
        message.getRevokedList().stream().map(TrustCodec::hex).toList());
  }

  private static String hex(ByteString serial) {
    if (serial.isEmpty()) {
      throw new IllegalArgumentException("a serial number of no bytes");
    }
    return new BigInteger(1, serial.toByteArray()).toString(16);
  }

  private static List<Bytes> bytes(List<ByteString> all) {
    return all.stream().map(one -> Bytes.copyOf(one.toByteArray())).toList();
  }

  static Trusted encode(FromEdge.Trusted message) {
    Trusted.Builder out = Trusted.newBuilder();
    message
        .authorities()
        .forEach(hex -> out.addAuthorities(ByteString.copyFrom(HexFormat.of().parseHex(hex))));
    return out.build();
  }

  static FromEdge.Trusted decode(Trusted message) {
    return new FromEdge.Trusted(
        bytes(message.getAuthoritiesList()).stream().map(Bytes::toHex).toList());
  }

  /** The form in which it lies on an edge's disk. */
  public static byte[] toBytes(FromControl.Trust trust) {
    return encode(trust).toByteArray();
  }

  /** What {@link #toBytes} wrote. */
  public static FromControl.Trust of(byte[] bytes) {
    try {
      return decode(Trust.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("no word of whom to trust", e);
    }
  }
}
