package dev.perigee.edge.origin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Doubled spaces of dates reach us, and nothing else is touched. */
class DateSpacesTest {
  private static final String HEAD =
      String.join(
          "\r\n",
          "HTTP/1.1 200  OK",
          "A:  b  c",
          "Expires: Thu,  18 Aug  2050 02:01:18 GMT",
          "Content-Length:  5",
          "last-modified: Sun Nov  6 08:49:37 1994",
          "X-Date: a  b",
          "");

  private static String marked(String text, int piece) {
    DateSpaces dates = new DateSpaces();
    dates.begin();
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    for (int at = 0; at < bytes.length; at += piece) {
      dates.mark(buffer, at, Math.min(bytes.length, at + piece));
    }
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  @Test
  void onlyDatesAreMarkedAndOnlyInTheHead() {
    for (int piece = 1; piece < HEAD.length(); piece++) {
      for (String end : new String[] {"\r\n", "\n", " \r\n"}) {
        String body = "Expires: a  b\r\nDate:  c";
        String expected =
            HEAD.replace("Thu,  18 Aug  2050", "Thu, \u00ff18 Aug \u00ff2050")
                    .replace("Nov  6", "Nov \u00ff6")
                + end
                + body;
        assertEquals(expected, marked(HEAD + end + body, piece), "in pieces of " + piece);
      }
    }
  }

  @Test
  void whatWasMarkedIsAsItWasSent() {
    assertEquals("a  b", DateSpaces.restored("Expires", "a \u00ffb"));
    assertEquals("a", DateSpaces.restored("date", "\u00ffa \u00ff"));
    assertEquals("a \u00ffb", DateSpaces.restored("X", "a \u00ffb"));
    assertEquals("a\u00ffb", DateSpaces.restored("Date", "a\u00ffb"), "not ours");
  }
}
