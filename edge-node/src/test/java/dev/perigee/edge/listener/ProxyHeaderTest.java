package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.edge.listener.ProxyHeader.Parsed;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers of the PROXY protocol are read as they are specified, and nothing else is one. */
final class ProxyHeaderTest {
  private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

  private static Parsed text(String text) {
    return ProxyHeader.parse(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
  }

  private static Parsed hex(String hex) {
    return ProxyHeader.parse(ByteBuffer.wrap(HexFormat.of().parseHex(SIGNATURE + hex)));
  }

  private static String source(Parsed parsed) {
    return parsed instanceof Parsed.Whole(int length, var source)
        ? length
            + " "
            + source.map(s -> s.getAddress().getHostAddress() + " " + s.getPort()).orElse("-")
        : parsed.getClass().getSimpleName();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PROXY TCP4 192.0.2.7 10.0.0.1 5000 80 | 39 192.0.2.7 5000",
        "PROXY TCP6 2001:db8::7 ::1 0 65535 | 36 2001:db8:0:0:0:0:0:7 0",
        "PROXY UNKNOWN | 15 -",
        "PROXY UNKNOWN ffff::1 and more 1 2 | 36 -"
      })
  void version1IsALine(String line, String source) {
    assertEquals(source, source(text(line + "\r\nGET / HTTP/1.1\r\n")));
    assertEquals(source, source(text(line + "\r\n")));
    for (int cut = 0; cut < line.length() + 1; cut++) {
      assertEquals("Incomplete", source(text((line + "\r").substring(0, cut))), "cut at " + cut);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n",
        "PROXY\r\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 5000 80\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 5000\r\n",
        "PROXY TCP4  192.0.2.7 10.0.0.1 5000 80\r\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 5000 80 \r\n",
        "PROXY TCP4 192.0.2.07 10.0.0.1 5000 80\r\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 05000 80\r\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 70000 80\r\n",
        "PROXY TCP4 192.0.2.7 10.0.0.1 -1 80\r\n",
        "PROXY TCP4 2001:db8::7 ::1 5000 80\r\n",
        "PROXY TCP6 192.0.2.7 10.0.0.1 5000 80\r\n",
        "PROXY TCP4 localhost 10.0.0.1 5000 80\r\n",
        "PROXY UDP4 192.0.2.7 10.0.0.1 5000 80\r\n",
        "PROXY UNKNOWNN\r\n",
        "proxy TCP4 192.0.2.7 10.0.0.1 5000 80\r\n"
      })
  void whatIsNoLineIsMalformed(String text) {
    assertEquals("Malformed", source(text(text)));
  }

  @Test
  void aLineHasAnEnd() {
    assertEquals("Malformed", source(text("PROXY UNKNOWN " + "x".repeat(120))));
    assertEquals("Malformed", source(text("PROXY UNKNOWN " + "x".repeat(120) + "\r\n")));
  }

  @ParameterizedTest
  @CsvSource({
    "21 11 000c c0000207 0a000001 1388 0050, 28 192.0.2.7 5000",
    "21 11 0013 c0000207 0a000001 1388 0050 04 0001 00 20 0000, 35 192.0.2.7 5000",
    "21 21 0024 20010db8000000000000000000000007 00000000000000000000000000000001 1388 0050,"
        + " 52 2001:db8:0:0:0:0:0:7 5000",
    "20 00 0000, 16 -",
    "20 11 000c c0000207 0a000001 1388 0050, 28 -",
    "21 00 0000, 16 -",
    "21 00 0004 04 0001 00, 20 -"
  })
  void version2IsBinaryAndItsAdditionsArePassedOver(String header, String source) {
    String bytes = header.replace(" ", "");
    assertEquals(source, source(hex(bytes)));
    assertEquals(source, source(hex(bytes + "474554")));
    for (int cut = 0; cut < bytes.length(); cut += 2) {
      assertEquals("Incomplete", source(hex(bytes.substring(0, cut))), "cut at " + cut);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "11 11 000c c0000207 0a000001 1388 0050",
        "22 11 000c c0000207 0a000001 1388 0050",
        "21 12 000c c0000207 0a000001 1388 0050",
        "21 31 0000",
        "21 11 0008 c0000207 0a000001",
        "21 11 000d c0000207 0a000001 1388 0050 00",
        "21 11 0010 c0000207 0a000001 1388 0050 04 0009 00",
        "21 11 ffff"
      })
  void whatIsNoHeaderIsMalformed(String header) {
    assertEquals("Malformed", source(hex(header.replace(" ", ""))));
  }

  @Test
  void noBytesAtAllAreTooMuchForIt() {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(80)];
      random.nextBytes(bytes);
      byte[] start =
          random.nextBoolean()
              ? HexFormat.of().parseHex(SIGNATURE)
              : "PROXY TCP4 ".getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(start, 0, bytes, 0, Math.min(start.length, bytes.length));
      Parsed parsed = ProxyHeader.parse(ByteBuffer.wrap(bytes));
      if (parsed instanceof Parsed.Whole(int length, Optional<?> source)) {
        assertEquals(true, length <= bytes.length, "seed " + seed);
      }
    }
  }
}
