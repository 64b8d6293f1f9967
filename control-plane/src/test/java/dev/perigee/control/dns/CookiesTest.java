package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Server cookies as RFC 9018 has them. */
class CookiesTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] SECRET = HEX.parseHex("e5e973e5a6b2a43f48e7dc849e37bfcf");
  private static final byte[] CLIENT = HEX.parseHex("2464c4abcf10c957");
  private static final byte[] SOURCE = address("198.51.100.100");

  private static byte[] address(String text) {
    return InetAddress.ofLiteral(text).getAddress();
  }

  /** A query whose packet is its cookies alone. */
  private static Query query(byte[] client, byte[] server) {
    Query query = new Query();
    query.packet = new byte[client.length + server.length];
    System.arraycopy(client, 0, query.packet, 0, client.length);
    System.arraycopy(server, 0, query.packet, client.length, server.length);
    query.hasCookie = true;
    query.cookieAt = 0;
    query.serverCookieLength = server.length;
    return query;
  }

  /** Appendix A.1, A.2 and A.4; in A.2 the cookie is renewed. */
  @ParameterizedTest
  @CsvSource({
    "e5e973e5a6b2a43f48e7dc849e37bfcf, 2464c4abcf10c957, 198.51.100.100, 1559731985, '',"
        + " 010000005cf79f111f8130c3eee29480",
    "e5e973e5a6b2a43f48e7dc849e37bfcf, 2464c4abcf10c957, 198.51.100.100, 1559734385,"
        + " 010000005cf79f111f8130c3eee29480, 010000005cf7a871d4a564a1442aca77",
    "445536bcd2513298075a5d379663c962, 22681ab97d52c298, 2001:db8:220:1:59de:d0f4:8769:82b8,"
        + " 1559741961, '', 010000005cf7c609a6bb79d16625507a",
  })
  void theExamplesOfTheStandard(
      String secret, String client, String source, long now, String sent, String answered) {
    ServerCookies cookies = new ServerCookies(day -> HEX.parseHex(secret));
    Query query = query(HEX.parseHex(client), HEX.parseHex(sent));
    boolean good = cookies.isGood(query, address(source), now);
    assertEquals(!sent.isEmpty(), good);
    assertEquals(answered, HEX.formatHex(cookies.next(query, address(source), good, now)));
  }

  @Test
  void aCookieIsGoodForAnHourFromWhereItWasSent() {
    ServerCookies cookies = new ServerCookies(day -> SECRET);
    long made = 1_559_731_985;
    byte[] server = cookies.next(query(CLIENT, new byte[0]), SOURCE, false, made).clone();
    assertTrue(cookies.isGood(query(CLIENT, server), SOURCE, made + 3_600));
    assertFalse(cookies.isGood(query(CLIENT, server), SOURCE, made + 3_601));
    assertTrue(cookies.isGood(query(CLIENT, server), SOURCE, made - 300));
    assertFalse(cookies.isGood(query(CLIENT, server), SOURCE, made - 301));
    assertFalse(cookies.isGood(query(CLIENT, server), address("198.51.100.101"), made));
    assertFalse(cookies.isGood(query(new byte[8], server), SOURCE, made));
    for (int i = 0; i < 8 * server.length; i++) {
      byte[] forged = server.clone();
      forged[i / 8] ^= (byte) (1 << (i % 8));
      assertFalse(cookies.isGood(query(CLIENT, forged), SOURCE, made), "bit " + i);
    }
  }

  @Test
  void aYoungCookieComesBackAsItIs() {
    ServerCookies cookies = new ServerCookies(day -> SECRET);
    byte[] server = cookies.next(query(CLIENT, new byte[0]), SOURCE, false, 1_000_000).clone();
    Query again = query(CLIENT, server);
    assertArrayEquals(server, cookies.next(again, SOURCE, true, 1_001_799));
    assertFalse(
        java.util.Arrays.equals(server, cookies.next(again, SOURCE, true, 1_001_800).clone()));
  }

  @Test
  void replicasWithOneSecretTakeEachOthersCookiesOverMidnight() {
    byte[] shared = {1, 2, 3};
    ServerCookies one = new ServerCookies(day -> ServerCookies.secretOf(shared, day));
    ServerCookies other = new ServerCookies(day -> ServerCookies.secretOf(shared, day));
    long midnight = 20_000L * 86_400;
    byte[] late = one.next(query(CLIENT, new byte[0]), SOURCE, false, midnight - 10).clone();
    byte[] early = one.next(query(CLIENT, new byte[0]), SOURCE, false, midnight + 10).clone();
    assertTrue(other.isGood(query(CLIENT, late), SOURCE, midnight + 20));
    assertTrue(other.isGood(query(CLIENT, early), SOURCE, midnight - 20));
    assertFalse(
        java.util.Arrays.equals(
            ServerCookies.secretOf(shared, 20_000), ServerCookies.secretOf(shared, 19_999)));
    assertFalse(
        new ServerCookies(day -> ServerCookies.secretOf(new byte[3], day))
            .isGood(query(CLIENT, early), SOURCE, midnight + 20));
  }
}
