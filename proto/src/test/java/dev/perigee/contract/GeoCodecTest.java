package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.EdgeMessage;
import dev.perigee.contract.sync.v1.GeoChunk;
import dev.perigee.contract.sync.v1.Hello;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A GeoIP database in parts is the same database; parts that cannot be are refused. */
final class GeoCodecTest {
  private static final ByteString DIGEST = ByteString.copyFrom(new byte[32]);

  @Test
  void theChunksOfAFileAreTheFileAndEachFitsIntoAMessage() {
    byte[] content = new byte[3 * Limits.GEO_CHUNK_BYTES + 17];
    new Random(7).nextBytes(content);
    GeoFile file = GeoFile.of(GeoKind.CITY, content.clone());
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    while (joined.size() < file.size()) {
      ControlMessage message = SyncCodec.encode(file.chunk(joined.size()));
      assertTrue(message.getSerializedSize() <= Limits.MESSAGE_BYTES);
      FromControl.GeoChunk chunk = (FromControl.GeoChunk) SyncCodec.decode(message);
      assertEquals(file.version(), chunk.version());
      joined.writeBytes(chunk.content().toArray());
    }
    assertArrayEquals(content, joined.toByteArray());
  }

  @Test
  void aPartOutsideItsFileIsRefused() {
    for (GeoChunk bad :
        List.of(
            chunk(0, 0, 0),
            chunk(0, 0, 1),
            chunk(10, 0, 0),
            chunk(10, -1, 2),
            chunk(10, 9, 2),
            chunk(10, Long.MAX_VALUE, 1),
            chunk(Limits.GEO_FILE_BYTES + 1L, 0, 1),
            chunk(10, 0, 1).toBuilder().setKind("weather").build(),
            chunk(10, 0, 1).toBuilder().setSha256(ByteString.EMPTY).build())) {
      ControlMessage message = ControlMessage.newBuilder().setGeo(bad).build();
      assertThrows(
          IllegalArgumentException.class, () -> SyncCodec.decode(message), message.toString());
    }
  }

  private static GeoChunk chunk(long size, long offset, int length) {
    return GeoChunk.newBuilder()
        .setKind("city")
        .setSha256(DIGEST)
        .setSize(size)
        .setOffset(offset)
        .setContent(ByteString.copyFrom(new byte[length]))
        .build();
  }

  @Test
  void aKindThatALaterVersionBringsIsLeftOutOfHello() {
    Hello.Builder hello = Hello.newBuilder().setNode("fra-1");
    hello.addGeoBuilder().setKind("weather").setSha256(DIGEST);
    hello.addGeoBuilder().setKind("asn");
    FromEdge said = SyncCodec.decode(EdgeMessage.newBuilder().setHello(hello).build());
    assertEquals(
        new FromEdge.Hello("fra-1", "", 0, 0, "", Set.of(), List.of(GeoHolding.none(GeoKind.ASN))),
        said);
  }
}
