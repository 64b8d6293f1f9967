package dev.perigee.edge.respond.coding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.CompressionPolicy;
import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which representation a reader gets, and why it is no other. */
final class CodingPolicyTest {
  private static final CodingPolicy POLICY =
      new CodingPolicy(Set.of(ContentCoding.values()), 1 << 20);
  private static final CompressionPolicy USUAL = CompressionPolicy.DEFAULT;

  private static FieldList fields(String lines) {
    FieldList.Builder fields = FieldList.builder();
    for (String line : lines.split("\\|", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        fields.add(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
      }
    }
    return fields.build();
  }

  private static RequestHead request(String lines) {
    return new RequestHead(
        "GET", "http", "a.example", 80, "/", "HTTP/1.1", fields(lines), "192.0.2.1", false);
  }

  private static Selected select(CompressionPolicy site, String request, String response) {
    ResponseHead head = new ResponseHead(200, fields(response));
    return POLICY.select(request(request), head, OptionalLong.of(5000), site);
  }

  private static String shown(Selected selected) {
    return switch (selected) {
      case NotCodedReason reason -> reason.name();
      case Selected.Encoded(ContentCoding coding) -> "+" + coding.token();
      case Selected.Decoded(ContentCoding coding) -> "-" + coding.token();
    };
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "Accept-Encoding: gzip, br, zstd; Content-Type: text/html; +br",
        "Accept-Encoding: gzip, zstd; Content-Type: text/html\t; +zstd",
        "Accept-Encoding: gzip; Content-Type: TEXT/Html; +gzip",
        "Accept-Encoding: deflate; Content-Type: text/html; NOT_ACCEPTED",
        "; Content-Type: text/html; NOT_ACCEPTED",
        "Accept-Encoding: br; Content-Type: image/jpeg; TYPE",
        "Accept-Encoding: br; ; TYPE",
        "Accept-Encoding: br; Content-Type: image/svg+xml; +br",
        "Accept-Encoding: br|Range: bytes=0-1; Content-Type: text/css; RANGE",
        "Accept-Encoding: br|If-Match: \"1\"; Content-Type: text/css; RANGE",
        "Accept-Encoding: br|Cache-Control: no-transform; Content-Type: text/css;"
            + " REQUEST_NO_TRANSFORM",
        "Accept-Encoding: br; Content-Type: text/css|Cache-Control: max-age=1, No-Transform;"
            + " NO_TRANSFORM",
        "Accept-Encoding: br; Content-Type: text/css|Set-Cookie: a=b; PERSONAL",
        "Accept-Encoding: br; Content-Type: text/css|Cache-Control: private; PERSONAL",
        "Accept-Encoding: br; Content-Type: text/css|X-Cache-Control: private; +br",
        "Accept-Encoding: br|Authorization: x; Content-Type: text/css; CREDENTIALS",
        "Accept-Encoding: br; Content-Type: text/css|Content-Range: bytes 0-4999/9999; PART",
        "Accept-Encoding: br; Content-Type: text/css|Content-Encoding: br; TAKEN",
        "Accept-Encoding: gzip; Content-Type: text/css|Content-Encoding: br; -br",
        "; Content-Type: image/png|Content-Encoding: gzip; -gzip",
        "Accept-Encoding: br; Content-Type: text/css|Content-Encoding: br, gzip; CODED_BY_ORIGIN",
        "Accept-Encoding: br; Content-Type: text/css|Content-Encoding: deflate; CODED_BY_ORIGIN",
      })
  void aReaderGetsWhatHeTakes(String request, String response, String selected) {
    assertEquals(selected, shown(select(USUAL, text(request), text(response))), request);
  }

  private static String text(@Nullable String cell) {
    return cell == null ? "" : cell;
  }

  @Test
  void theSiteSaysWhichItLikesMoreWhereTheReaderLikesThemAlike() {
    CompressionPolicy site =
        new CompressionPolicy(
            true, List.of(ContentCoding.GZIP, ContentCoding.BR), List.of("text/*"), 10, true);
    String type = "Content-Type: text/x-own|Set-Cookie: a=b";
    assertEquals("+gzip", shown(select(site, "Accept-Encoding: br, gzip, zstd", type)));
    assertEquals("+br", shown(select(site, "Accept-Encoding: br, gzip;q=0.9", type)));
    assertEquals("NOT_ACCEPTED", shown(select(site, "Accept-Encoding: zstd", type)));
    assertEquals("TYPE", shown(select(site, "Accept-Encoding: br", "Content-Type: a/b")));
  }

  @Test
  void aReaderMayLikeItUncompressedMore() {
    String type = "Content-Type: text/html";
    assertEquals(
        "NOT_PREFERRED", shown(select(USUAL, "Accept-Encoding: gzip;q=0.5, identity", type)));
    assertEquals("+gzip", shown(select(USUAL, "Accept-Encoding: gzip, identity;q=0.5", type)));
  }

  @Test
  void whatIsTooSmallOrTooLargeOrAnErrorIsLeft() {
    RequestHead request = request("Accept-Encoding: br");
    ResponseHead head = new ResponseHead(200, fields("Content-Type: text/html"));
    assertEquals(
        NotCodedReason.TOO_SMALL, POLICY.select(request, head, OptionalLong.of(1023), USUAL));
    assertEquals(
        NotCodedReason.TOO_LARGE,
        POLICY.select(request, head, OptionalLong.of((1 << 20) + 1), USUAL));
    ResponseHead error = new ResponseHead(404, head.fields());
    assertEquals(
        NotCodedReason.STATUS, POLICY.select(request, error, OptionalLong.of(5000), USUAL));
  }

  @Test
  void aNodeOffersWhatItCan() {
    CodingPolicy gzip = new CodingPolicy(Set.of(ContentCoding.GZIP), 1 << 20);
    ResponseHead head = new ResponseHead(200, fields("Content-Type: text/html"));
    RequestHead request = request("Accept-Encoding: br, zstd, gzip;q=0.1");
    assertEquals("+gzip", shown(gzip.select(request, head, OptionalLong.empty(), USUAL)));
  }
}
