package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.AddressRange;
import dev.perigee.edge.listener.ClientPolicy.Client;
import dev.perigee.edge.listener.ClientPolicy.ProxyField;
import dev.perigee.edge.request.FieldList;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rightmost address that is no trusted proxy's is the client's; spoofed ones never are. */
final class ClientPolicyTest {
  private static final List<AddressRange> TRUSTED =
      Stream.of("10.0.0.0/8", "2001:db8:aaaa::/48").map(AddressRange::of).toList();

  private static Client decide(ProxyField field, String peer, String... fields) {
    return new ClientPolicy(TRUSTED, field)
        .decide(InetAddress.ofLiteral(peer), FieldList.of(fields));
  }

  /** Columns: peer, the field's lines divided by |, the client, the proxies between. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "10.0.0.1; 192.0.2.7; 192.0.2.7; 10.0.0.1",
        "10.0.0.1; 6.6.6.6, 192.0.2.7; 192.0.2.7; 10.0.0.1",
        "10.0.0.1; 6.6.6.6, 192.0.2.7, 10.9.9.9; 192.0.2.7; 10.9.9.9 10.0.0.1",
        "10.0.0.1; 6.6.6.6|192.0.2.7|10.9.9.9; 192.0.2.7; 10.9.9.9 10.0.0.1",
        "192.0.2.1; 6.6.6.6; 192.0.2.1; ''",
        "192.0.2.1; 10.0.0.1; 192.0.2.1; ''",
        "10.0.0.1; 2001:db8::7; 2001:db8::7; 10.0.0.1",
        "10.0.0.1; [2001:db8::7]:443; 2001:db8::7; 10.0.0.1",
        "10.0.0.1; 192.0.2.7:5050; 192.0.2.7; 10.0.0.1",
        "10.0.0.1; ::ffff:192.0.2.7; 192.0.2.7; 10.0.0.1",
        "2001:db8:aaaa::1; 192.0.2.7; 192.0.2.7; 2001:db8:aaaa::1",
        "10.0.0.1; 10.0.0.2; 10.0.0.2; 10.0.0.1",
        "10.0.0.1; ''; 10.0.0.1; ''",
        "10.0.0.1; unknown; 10.0.0.1; ''",
        "10.0.0.1; 192.0.2.7, ; 10.0.0.1; ''",
        "10.0.0.1; 192.0.2.7, evil, 10.9.9.9; 10.9.9.9; 10.0.0.1",
        "10.0.0.1; 192.0.2.07; 10.0.0.1; ''",
        "10.0.0.1; 192.0.2.7:99999999; 10.0.0.1; ''",
        "10.0.0.1; 0x7f.1; 10.0.0.1; ''",
        "10.0.0.1; fe80::1%eth0; 10.0.0.1; ''",
        "10.0.0.1; localhost; 10.0.0.1; ''"
      })
  void forwardedForIsReadFromTheRight(String peer, String lines, String client, String proxies) {
    String[] fields =
        Stream.of(lines.split("\\|"))
            .flatMap(l -> Stream.of("X-Forwarded-For", l))
            .toArray(String[]::new);
    Client decided = decide(ProxyField.X_FORWARDED_FOR, peer, fields);
    assertEquals(client, decided.address());
    assertEquals(proxies, String.join(" ", decided.proxies()));
  }

  /** Columns as above. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '^',
      value = {
        "10.0.0.1; for=192.0.2.7; 192.0.2.7; 10.0.0.1",
        "10.0.0.1; For=\"192.0.2.7:80\"; 192.0.2.7; 10.0.0.1",
        "10.0.0.1; for=\"[2001:db8::7]\"; 2001:db8::7; 10.0.0.1",
        "10.0.0.1; for=\"[2001:db8::7]:80\" , for=10.9.9.9; 2001:db8::7; 10.9.9.9 10.0.0.1",
        "10.0.0.1; for=6.6.6.6, for=192.0.2.7; 192.0.2.7; 10.0.0.1",
        "10.0.0.1; for=\"6.6.6.6, for=5.5.5.5\", for=192.0.2.7; 192.0.2.7; 10.0.0.1",
        "10.0.0.1; for=\"|for=192.0.2.7; 192.0.2.7; 10.0.0.1",
        "10.0.0.1; for=\", for=192.0.2.7; 10.0.0.1; ^^",
        "10.0.0.1; for=192.0.2.7, for=_hidden; 10.0.0.1; ^^",
        "10.0.0.1; for=unknown; 10.0.0.1; ^^",
        "10.0.0.1; for=2001:db8::7; 10.0.0.1; ^^",
        "10.0.0.1; for=192.0.2.7 by=x; 10.0.0.1; ^^",
        "10.0.0.1; by=192.0.2.7; 10.0.0.1; ^^",
        "192.0.2.1; for=6.6.6.6; 192.0.2.1; ^^"
      })
  void forwardedIsReadByItsGrammar(String peer, String lines, String client, String proxies) {
    String[] fields =
        Stream.of(lines.split("\\|"))
            .flatMap(l -> Stream.of("Forwarded", l))
            .toArray(String[]::new);
    Client decided = decide(ProxyField.FORWARDED, peer, fields);
    assertEquals(client, decided.address());
    assertEquals(proxies, String.join(" ", decided.proxies()));
  }

  @Test
  void parametersOfAnElementAreReadAndTwiceTheSameIsNone() {
    Client secure =
        decide(ProxyField.FORWARDED, "10.0.0.1", "Forwarded", "for=192.0.2.7;proto=HTTPS;host=a");
    assertEquals(Optional.of("https"), secure.scheme());
    Client twice =
        decide(ProxyField.FORWARDED, "10.0.0.1", "Forwarded", "for=192.0.2.7;for=6.6.6.6");
    assertEquals("10.0.0.1", twice.address());
  }

  /** Most proxies pass on what they do not write: then it is the client's own. */
  @Test
  void theOtherFieldIsNotBelieved() {
    String[] both = {"X-Forwarded-For", "192.0.2.7", "Forwarded", "for=6.6.6.6;proto=https"};
    Client byList = decide(ProxyField.X_FORWARDED_FOR, "10.0.0.1", both);
    assertEquals("192.0.2.7", byList.address());
    assertEquals(Optional.empty(), byList.scheme());
    String[] proto = {"Forwarded", "for=192.0.2.7", "X-Forwarded-Proto", "https"};
    assertEquals(Optional.empty(), decide(ProxyField.FORWARDED, "10.0.0.1", proto).scheme());
  }

  @Test
  void onlyATrustedProxyTellsTheScheme() {
    String[] fields = {"X-Forwarded-For", "192.0.2.7", "X-Forwarded-Proto", "https"};
    assertEquals(
        Optional.of("https"), decide(ProxyField.X_FORWARDED_FOR, "10.0.0.1", fields).scheme());
    assertEquals(
        Optional.empty(), decide(ProxyField.X_FORWARDED_FOR, "192.0.2.1", fields).scheme());
    String[] odd = {"X-Forwarded-For", "192.0.2.7", "X-Forwarded-Proto", "gopher"};
    assertEquals(Optional.empty(), decide(ProxyField.X_FORWARDED_FOR, "10.0.0.1", odd).scheme());
  }

  @Test
  void aLongListCostsNoMoreThanItsEnd() {
    String list = "10.0.0.9,".repeat(3000) + "10.0.0.9";
    Client decided = decide(ProxyField.X_FORWARDED_FOR, "10.0.0.1", "X-Forwarded-For", list);
    assertEquals(ClientPolicy.MAX_PROXIES, decided.proxies().size());
    assertTrue(decided.isVouchedFor());
    assertFalse(decide(ProxyField.X_FORWARDED_FOR, "192.0.2.1").isVouchedFor());
  }
}
