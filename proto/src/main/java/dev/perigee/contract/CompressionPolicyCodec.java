package dev.perigee.contract;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.perigee.contract.sync.v1.Compression;
import java.util.List;

/**
 * Two-way codec of compression policies. What is left out of a message has its usual value; a
 * coding that this build does not know is left out.
 */
public final class CompressionPolicyCodec {
  private CompressionPolicyCodec() {}

  /** The policy as databases keep it. */
  public static byte[] toBytes(CompressionPolicy policy) {
    return encode(policy).toByteArray();
  }

  /** The policy that {@link #toBytes} wrote; no bytes stand for the usual one. */
  public static CompressionPolicy of(byte[] bytes) {
    try {
      return decode(Compression.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not a compression policy", e);
    }
  }

  static Compression encode(CompressionPolicy policy) {
    Compression.Builder out =
        Compression.newBuilder()
            .setOff(!policy.enabled())
            .addAllTypes(policy.types())
            .setLeastBytes(policy.leastBytes())
            .setPersonal(policy.personal());
    policy.codings().forEach(coding -> out.addCodings(coding.token()));
    return out.build();
  }

  static CompressionPolicy decode(Compression message) {
    CompressionPolicy usual = CompressionPolicy.DEFAULT;
    List<ContentCoding> codings =
        message.getCodingsList().stream().flatMap(name -> ContentCoding.of(name).stream()).toList();
    boolean none = codings.isEmpty() && message.getCodingsCount() > 0;
    return new CompressionPolicy(
        !message.getOff() && !none,
        codings.isEmpty() ? usual.codings() : codings,
        message.getTypesList(),
        message.hasLeastBytes() ? message.getLeastBytes() : usual.leastBytes(),
        message.getPersonal());
  }
}
