package dev.perigee.edge.origin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an origin says of itself is gone, and what it says of others stays as it is. */
final class OriginHidingTest {
  private static SiteConfig site(String scheme) {
    return new SiteConfig(
        "shop",
        List.of("www.shop.example", "shop.example", "*.wild.example"),
        List.of(
            new OriginUrl(scheme, "web1.backend.example", 8080),
            new OriginUrl(scheme, "10.0.0.5", 80),
            new OriginUrl(scheme, "[fd00::5]", 80),
            new OriginUrl(scheme, "shop.example", 8443)),
        Set.of(),
        false,
        false);
  }

  private static String hidden(SiteConfig site, String scheme, String name, String value) {
    ResponseHead head = new ResponseHead(302, FieldList.of(name, value));
    return OriginHiding.hide(head, site, scheme).fields().first(name).orElse("(gone)");
  }

  @ParameterizedTest
  @CsvSource({
    "http://web1.backend.example/a?b#c, /a?b#c",
    "http://web1.backend.example:8080/a, /a",
    "http://web1.backend.example:9/a, /a",
    "http://web1.backend.example:/a, /a",
    "HTTP://WEB1.Backend.example./a, /a",
    "http://user:pw@web1.backend.example/a, /a",
    "http://web1.backend.example, /",
    "http://web1.backend.example?q, /?q",
    "http://web1.backend.example#f, /#f",
    "//web1.backend.example/a, /a",
    "http://10.0.0.5/a, /a",
    "'http://[FD00::5]:80/a', /a",
    "http://web1.backend.example//evil.example/a, /.//evil.example/a",
    "'http://web1.backend.example/\\evil.example', /.//evil.example",
    "http://other.example/a, http://other.example/a",
    "http://web1.backend.example.evil/a, http://web1.backend.example.evil/a",
    "http://web1.backend.example@evil.example/a, http://web1.backend.example@evil.example/a",
    "http://shop.example:8443/a, http://shop.example:8443/a",
    "https://www.shop.example/a, https://www.shop.example/a",
    "/a, /a",
    "a/b, a/b",
    "ftp://web1.backend.example/a, ftp://web1.backend.example/a"
  })
  void aReferenceToAnOriginBecomesOneToWhoeverWasAsked(String given, String shown) {
    assertEquals(shown, hidden(site("http"), "http", "Location", given));
    assertEquals(shown, hidden(site("http"), "https", "Location", given));
    assertEquals(shown, hidden(site("http"), "http", "Content-Location", given));
  }

  /** An origin's own scheme says nothing; a step to https does. */
  @ParameterizedTest
  @CsvSource({"http, http, https:///a", "http, https, /a", "https, http, /a", "https, https, /a"})
  void aStepFromHttpToHttpsStays(String origin, String reader, String shown) {
    SiteConfig site = site(origin);
    assertEquals(shown, hidden(site, reader, "Location", "https://web1.backend.example/a"));
    assertEquals("/a", hidden(site, reader, "Content-Location", "https://10.0.0.5/a"));
  }

  @ParameterizedTest
  @CsvSource({
    "https:///a, https://asked.example/a",
    "https:////evil.example, https://asked.example//evil.example",
    "https://other.example/a, https://other.example/a",
    "/a, /a"
  })
  void whatIsLeftOpenIsFilledWithWhoeverIsAsked(String stored, String served) {
    assertEquals(served, OriginReference.filled(stored, "asked.example"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "5; url=http://10.0.0.5/a | 5; url=/a",
        "5;URL=\"http://10.0.0.5/a\" | 5;URL=/a",
        "5; url=http://other.example/ | 5; url=http://other.example/",
        "5 | 5"
      })
  void refreshIsRewritten(String given, String shown) {
    assertEquals(shown, hidden(site("http"), "http", "Refresh", given));
  }

  @Test
  void everyTargetOfALinkIsRewrittenInEarlyHintsToo() {
    String given =
        "<http://10.0.0.5/a.css>; rel=preload, </b.js>; rel=preload, <//web1.backend.example/c>";
    String shown = "</a.css>; rel=preload, </b.js>; rel=preload, </c>";
    assertEquals(shown, hidden(site("http"), "http", "Link", given));
    assertEquals("<http://10.0.0.5/a", hidden(site("http"), "http", "Link", "<http://10.0.0.5/a"));
    InterimHead hints = new InterimHead(103, FieldList.of("Link", given, "Server", "x"));
    assertEquals(
        "Link: " + shown + "\n",
        OriginHiding.hide(hints, site("http"), "http").fields().toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a=1; Domain=web1.backend.example; Path=/ | a=1; Path=/",
        "a=1;domain = .Backend.Example;Secure | a=1;Secure",
        "a=1; Domain=10.0.0.5 | a=1",
        "a=1; Domain=shop.example | a=1; Domain=shop.example",
        "a=1; Domain=wild.example | a=1; Domain=wild.example",
        "a=1; Domain=other.example | a=1; Domain=other.example",
        "a=domain=web1.backend.example | a=domain=web1.backend.example",
        "a=1; Domain= | a=1; Domain="
      })
  void aCookieOfTheOriginIsOneOfWhoeverWasAsked(String given, String shown) {
    assertEquals(shown, hidden(site("http"), "http", "Set-Cookie", given));
  }

  @Test
  void whatTheOriginIsMadeOfIsGone() {
    HidingPolicy own =
        new HidingPolicy(
            List.of("x-pod"), List.of(), false, false, List.of(), OriginSigning.none());
    FieldList fields =
        FieldList.of(
            "Server", "nginx/1.22",
            "X-Powered-By", "PHP/8",
            "Via", "1.1 varnish",
            "Alt-Svc", "h3=\":443\"",
            "X-Pod", "7",
            "X-Kept", "1",
            "Location", "http://10.0.0.5/a");
    ResponseHead head = new ResponseHead(200, fields);
    assertEquals(
        "X-Kept: 1\nLocation: http://10.0.0.5/a\n",
        OriginHiding.hide(head, site("http").withHiding(own), "http").fields().toString());
    assertEquals(
        "X-Pod: 7\nX-Kept: 1\nLocation: /a\n",
        OriginHiding.hide(head, site("http"), "http").fields().toString());
  }
}
