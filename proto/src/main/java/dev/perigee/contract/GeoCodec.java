package dev.perigee.contract;

import com.google.protobuf.ByteString;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Two-way codec of what is said about GeoIP databases; see {@link SyncCodec}. */
final class GeoCodec {
  private static final int DIGEST_BYTES = 32;

  private GeoCodec() {}

  static List<dev.perigee.contract.sync.v1.GeoHolding> encode(List<GeoHolding> holdings) {
    return holdings.stream().map(GeoCodec::encode).toList();
  }

  private static dev.perigee.contract.sync.v1.GeoHolding encode(GeoHolding holding) {
    return dev.perigee.contract.sync.v1.GeoHolding.newBuilder()
        .setKind(holding.kind().token())
        .setSha256(bytes(holding.version()))
        .setBuiltSeconds(holding.builtSeconds())
        .build();
  }

  /** Kinds that a later version may bring are left out. */
  static List<GeoHolding> decode(List<dev.perigee.contract.sync.v1.GeoHolding> holdings) {
    return holdings.stream().flatMap(holding -> decode(holding).stream()).toList();
  }

  private static Optional<GeoHolding> decode(dev.perigee.contract.sync.v1.GeoHolding holding) {
    String version = versionOrNone(holding.getSha256());
    return GeoKind.of(holding.getKind())
        .map(kind -> new GeoHolding(kind, version, holding.getBuiltSeconds()));
  }

  static dev.perigee.contract.sync.v1.GeoChunk encode(FromControl.GeoChunk chunk) {
    return dev.perigee.contract.sync.v1.GeoChunk.newBuilder()
        .setKind(chunk.kind().token())
        .setSha256(bytes(chunk.version()))
        .setSize(chunk.size())
        .setOffset(chunk.offset())
        .setContent(ByteString.copyFrom(chunk.content().toArray()))
        .build();
  }

  static FromControl.GeoChunk decode(dev.perigee.contract.sync.v1.GeoChunk chunk) {
    long size = chunk.getSize();
    long offset = chunk.getOffset();
    int length = chunk.getContent().size();
    if (chunk.getSha256().isEmpty() && size == 0 && offset == 0 && length == 0) {
      return GeoFile.none(kind(chunk.getKind())).chunk(0);
    }
    if (size < 1 || size > Limits.GEO_FILE_BYTES) {
      throw new IllegalArgumentException("a GeoIP database of " + size + " bytes");
    }
    if (length < 1 || offset < 0 || offset > size - length) {
      throw new IllegalArgumentException("a part that does not lie within its GeoIP database");
    }
    return new FromControl.GeoChunk(
        kind(chunk.getKind()),
        version(chunk.getSha256()),
        size,
        offset,
        Bytes.copyOf(chunk.getContent().toByteArray()));
  }

  static dev.perigee.contract.sync.v1.GeoReport encode(FromEdge.GeoReport report) {
    return dev.perigee.contract.sync.v1.GeoReport.newBuilder()
        .setKind(report.kind().token())
        .setSha256(bytes(report.version()))
        .setOutcome(token(report.outcome()))
        .setReceived(report.received())
        .setReason(report.reason())
        .build();
  }

  static FromEdge.GeoReport decode(dev.perigee.contract.sync.v1.GeoReport report) {
    return new FromEdge.GeoReport(
        kind(report.getKind()),
        versionOrNone(report.getSha256()),
        outcome(report.getOutcome()),
        report.getReceived(),
        report.getReason());
  }

  private static FromEdge.GeoOutcome outcome(String token) {
    for (FromEdge.GeoOutcome outcome : FromEdge.GeoOutcome.values()) {
      if (token(outcome).equals(token)) {
        return outcome;
      }
    }
    throw new IllegalArgumentException("a GeoIP database of unknown outcome: " + token);
  }

  private static String token(FromEdge.GeoOutcome outcome) {
    return outcome.name().toLowerCase(Locale.ROOT);
  }

  private static GeoKind kind(String token) {
    return GeoKind.of(token)
        .orElseThrow(
            () -> new IllegalArgumentException("a GeoIP database of unknown kind: " + token));
  }

  private static ByteString bytes(String version) {
    return ByteString.copyFrom(HexFormat.of().parseHex(version));
  }

  private static String versionOrNone(ByteString digest) {
    return digest.isEmpty() ? "" : version(digest);
  }

  private static String version(ByteString digest) {
    if (digest.size() != DIGEST_BYTES) {
      throw new IllegalArgumentException("no SHA-256 of a GeoIP database");
    }
    return HexFormat.of().formatHex(digest.toByteArray());
  }
}
