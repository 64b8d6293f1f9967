package dev.perigee.edge.respond;

import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.respond.RangePolicy.Ranged;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Several ranges of one body as {@code multipart/byteranges} (RFC 9110, section 14.6).
 *
 * @param contentType of the answer
 * @param length of the answer's body
 * @param segments heads of parts and bytes of the body, in turn
 */
public record Multipart(String contentType, long length, List<Segment> segments) {
  /** Nobody who writes the body can know it. */
  private static final SecureRandom BOUNDARIES = new SecureRandom();

  /** Copies the list. */
  public Multipart {
    segments = List.copyOf(segments);
  }

  /**
   * The answer.
   *
   * @param fields of the whole response
   * @param length of the whole body
   */
  public static Multipart of(FieldList fields, List<Ranged.Part> parts, long length) {
    byte[] random = new byte[16];
    BOUNDARIES.nextBytes(random);
    return of(fields, parts, length, HexFormat.of().formatHex(random));
  }

  static Multipart of(FieldList fields, List<Ranged.Part> parts, long length, String boundary) {
    String type =
        fields.first("Content-Type").map(value -> "Content-Type: " + value + "\r\n").orElse("");
    List<Segment> segments = new ArrayList<>();
    long sum = 0;
    String before = "";
    for (Ranged.Part part : parts) {
      String range =
          "Content-Range: bytes " + part.first() + "-" + part.last() + "/" + length + "\r\n\r\n";
      sum += add(segments, before + "--" + boundary + "\r\n" + type + range);
      segments.add(new Segment.Bytes(part.first(), part.last() + 1));
      sum += part.length();
      before = "\r\n";
    }
    sum += add(segments, "\r\n--" + boundary + "--\r\n");
    return new Multipart("multipart/byteranges; boundary=" + boundary, sum, segments);
  }

  private static int add(List<Segment> segments, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    segments.add(new Segment.Text(ByteBuffer.wrap(bytes).asReadOnlyBuffer()));
    return bytes.length;
  }
}
