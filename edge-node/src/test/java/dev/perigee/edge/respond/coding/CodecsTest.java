package dev.perigee.edge.respond.coding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.ContentCoding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is coded is what others read, and what is read a piece at a time is what was coded. */
final class CodecsTest {
  private static final Codecs CODECS = Codecs.load();

  private static byte[] text(int length) {
    return TestCodings.text("a", length).getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Fed and taken out in pieces. */
  private static byte[] read(ContentCoding coding, byte[] coded, int in, int out)
      throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(out);
    try (BodyDecoder decoder = CODECS.decoder(coding)) {
      for (int at = 0; at < coded.length; at += in) {
        ByteBuffer piece =
            ByteBuffer.wrap(coded, at, Math.min(in, coded.length - at)).asReadOnlyBuffer();
        do {
          buffer.clear();
          decoder.decode(piece, buffer);
          all.write(buffer.array(), 0, buffer.position());
        } while (!buffer.hasRemaining());
        assertFalse(piece.hasRemaining());
      }
      assertTrue(decoder.isWhole());
    }
    return all.toByteArray();
  }

  @Test
  void allThreeAreOfferedWhereTheirLibrariesLoad() {
    assertEquals(Set.of(ContentCoding.values()), CODECS.offered());
  }

  @ParameterizedTest
  @EnumSource(ContentCoding.class)
  void othersReadWhatIsCoded(ContentCoding coding) throws IOException {
    byte[] body = text(300_000);
    byte[] coded = CODECS.encode(coding, body);
    assertTrue(coded.length < body.length / 3, coding + ": " + coded.length);
    assertArrayEquals(body, TestCodings.decoded(coding, coded));
  }

  @Property(tries = 60)
  void piecesOfAnySizeComeToTheSame(
      @ForAll ContentCoding coding,
      @ForAll @IntRange(max = 60_000) int length,
      @ForAll @IntRange(min = 1, max = 5_000) int in,
      @ForAll @IntRange(min = 1, max = 20_000) int out)
      throws IOException {
    byte[] body = text(length);
    assertArrayEquals(body, read(coding, CODECS.encode(coding, body), in, out));
  }

  @ParameterizedTest
  @EnumSource(ContentCoding.class)
  void aBodyThatEndsTooEarlyIsNotWhole(ContentCoding coding) throws IOException {
    byte[] coded = CODECS.encode(coding, text(5_000));
    try (BodyDecoder decoder = CODECS.decoder(coding)) {
      decoder.decode(ByteBuffer.wrap(coded, 0, coded.length - 1), ByteBuffer.allocate(10_000));
      assertFalse(decoder.isWhole());
    }
  }

  @ParameterizedTest
  @EnumSource(ContentCoding.class)
  void whatIsOfNoCodingIsRefused(ContentCoding coding) {
    byte[] body = "<html>this is no coded body at all</html>".getBytes(StandardCharsets.US_ASCII);
    assertThrows(IOException.class, () -> read(coding, body, 7, 100));
  }

  @Test
  void aWrongChecksumOfGzipIsSeen() throws IOException {
    byte[] coded = CODECS.encode(ContentCoding.GZIP, text(5_000));
    coded[coded.length - 5] ^= 1;
    assertThrows(IOException.class, () -> read(ContentCoding.GZIP, coded, 100, 100));
  }

  @Test
  void gzipMayHaveSeveralMembers() throws IOException {
    byte[] one = CODECS.encode(ContentCoding.GZIP, text(100));
    ByteArrayOutputStream two = new ByteArrayOutputStream();
    two.write(one);
    two.write(one);
    assertEquals(200, read(ContentCoding.GZIP, two.toByteArray(), 3, 50).length);
  }
}
