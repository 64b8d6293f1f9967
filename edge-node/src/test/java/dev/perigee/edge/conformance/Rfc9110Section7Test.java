package dev.perigee.edge.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.geo.GeoLocator;
import dev.perigee.edge.origin.OriginFields;
import dev.perigee.edge.policy.Admission;
import dev.perigee.edge.policy.AdmissionPolicy;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.RequestId;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 9110, section 7.6: what a proxy does to messages; with RFC 7239 and RFC 8586. */
final class Rfc9110Section7Test {
  private static final String HOST = "www.shop.example";
  private static final SiteConfig SITE =
      new SiteConfig(
          "shop",
          List.of(HOST),
          List.of(new OriginUrl("http", "origin.example", 80)),
          Set.of(),
          false,
          false);

  private static RequestHead head(String method, String protocol, String... fields) {
    return new RequestHead(
        method, "http", HOST, 80, "/a", protocol, FieldList.of(fields), "192.0.2.7", false);
  }

  private static FieldList sent(String... fields) {
    return OriginFields.request(head("GET", "HTTP/1.1", fields), HOST, "perigee").build();
  }

  private static Admission admission(String method, String... fields) {
    return new AdmissionPolicy("perigee")
        .admit(head(method, "HTTP/1.1", fields), new GeoLocator().place("192.0.2.7"), SITE, HOST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Proxy-Authenticate",
        "Proxy-Authentication-Info",
        "Proxy-Authorization",
        "HTTP2-Settings"
      })
  void section761_whatBelongsToOneConnectionGoesNoFurtherEitherWay(String name) {
    assertFalse(sent(name, "x").contains(name));
    assertFalse(OriginFields.response(FieldList.of(name, "x")).contains(name));
  }

  @Test
  void section761_fieldsThatConnectionNamesGoNoFurtherEitherWay() {
    String[] fields = {
      "Connection", "close, X-One ,x-two", "X-One", "1", "X-Two", "2", "X-Three", "3"
    };
    for (FieldList passed : List.of(sent(fields), OriginFields.response(FieldList.of(fields)))) {
      assertFalse(passed.contains("X-One"));
      assertFalse(passed.contains("X-Two"));
      assertEquals(Optional.of("3"), passed.first("X-Three"));
    }
  }

  /** Columns: method, what came, what goes on. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "OPTIONS, 5, 4",
        "OPTIONS, 1, 0",
        "OPTIONS, -, -",
        "OPTIONS, many, -",
        "OPTIONS, -1, -",
        "GET, 5, 5"
      })
  void section762_maxForwardsIsCountedDown(String method, String came, String goes) {
    String[] fields = came == null ? new String[0] : new String[] {"Max-Forwards", came};
    FieldList sent = OriginFields.request(head(method, "HTTP/1.1", fields), HOST, "p").build();
    assertEquals(Optional.ofNullable(goes), sent.first("Max-Forwards"));
  }

  @Test
  void section762_atZeroTheNodeIsTheRecipient() {
    assertEquals(new Admission.Here(), admission("OPTIONS", "Max-Forwards", "0"));
    assertFalse(admission("OPTIONS", "Max-Forwards", "1") instanceof Admission.Here);
    assertFalse(admission("GET", "Max-Forwards", "0") instanceof Admission.Here);
    assertEquals(
        new Admission.Denied(Admission.DenyReason.TRACE), admission("TRACE", "Max-Forwards", "0"));
  }

  @Test
  void section763_viaSaysWhatWasReceived() {
    assertEquals(List.of("1.1 perigee"), sent().all("Via"));
    assertEquals(List.of("1.0 fred, 1.1 perigee"), sent("Via", "1.0 fred").all("Via"));
    RequestHead http2 = head("GET", "HTTP/2.0");
    assertEquals(
        List.of("2.0 perigee"), OriginFields.request(http2, HOST, "perigee").build().all("Via"));
    RequestHead old = head("GET", "HTTP/1.0");
    assertEquals(
        List.of("1.0 perigee"), OriginFields.request(old, HOST, "perigee").build().all("Via"));
  }

  @Test
  void rfc7239_whatClientsSayIsDroppedAndWhatIsKnownIsSaid() {
    FieldList sent =
        sent(
            "Forwarded", "for=6.6.6.6",
            "X-Forwarded-For", "6.6.6.6",
            "X-Forwarded-Host", "evil.example",
            "X-Forwarded-Prefix", "/evil",
            "X_Forwarded_For", "6.6.6.6",
            "X-Original-URL", "/admin",
            "X-Rewrite-URL", "/admin",
            "X-HTTP-Method-Override", "DELETE",
            "X-Real-IP", "6.6.6.6",
            "X-Request-Id", "mine",
            "X-Request_Id", "mine",
            "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assertEquals(List.of("for=192.0.2.7;host=www.shop.example;proto=http"), sent.all("Forwarded"));
    assertEquals(List.of("192.0.2.7"), sent.all("X-Forwarded-For"));
    assertEquals(List.of("http"), sent.all("X-Forwarded-Proto"));
    assertEquals(List.of(HOST), sent.all("X-Forwarded-Host"));
    assertEquals(List.of("none"), sent.all("X-Request-Id"));
    assertEquals(
        List.of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        sent.all("traceparent"));
    assertEquals(1, sent.all("Surrogate-Capability").size());
    assertEquals(10, sent.size(), sent.toString());
  }

  @Test
  void rfc7239_whatIsListedPasses() {
    RequestHead head =
        head("GET", "HTTP/1.1", "X-Original-URL", "/a", "X-Rewrite-URL", "/b", "Forwarded", "x");
    FieldList sent =
        OriginFields.request(head, HOST, "perigee", List.of("x-original-url", "forwarded")).build();
    assertEquals(List.of("/a"), sent.all("X-Original-URL"));
    assertFalse(sent.contains("X-Rewrite-URL"));
    assertEquals(1, sent.all("Forwarded").size());
  }

  @Test
  void rfc7239_proxiesBetweenAreNamedAndIpv6StandsInQuotes() {
    RequestHead head =
        new RequestHead(
            "GET",
            "https",
            "[2001:db8::1]",
            8443,
            "/a",
            "HTTP/1.1",
            FieldList.empty(),
            "2001:db8::7",
            false,
            List.of("10.0.0.2", "2001:db8::9"),
            RequestId.given("abc").orElseThrow());
    FieldList sent = OriginFields.request(head, HOST, "perigee").build();
    assertEquals(
        List.of(
            "for=\"[2001:db8::7]\";host=\"[2001:db8::1]:8443\";proto=https, for=10.0.0.2,"
                + " for=\"[2001:db8::9]\""),
        sent.all("Forwarded"));
    assertEquals(List.of("2001:db8::7, 10.0.0.2, 2001:db8::9"), sent.all("X-Forwarded-For"));
    assertEquals(List.of("[2001:db8::1]:8443"), sent.all("X-Forwarded-Host"));
    assertEquals(List.of("abc"), sent.all("X-Request-Id"));
  }

  @Test
  void rfc8586_ownIdIsAddedAndOthersStayWhateverConnectionSays() {
    assertEquals(List.of("perigee"), sent().all("CDN-Loop"));
    assertEquals(
        List.of("a.example;v=\"1,2\", b, perigee"),
        sent("CDN-Loop", "a.example;v=\"1,2\"", "CDN-Loop", "b", "Connection", "CDN-Loop")
            .all("CDN-Loop"));
  }

  /** Columns: CDN-Loop, whether it is a loop. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "perigee | true",
        "other, perigee | true",
        "other ; a=b ,Perigee;hops=3 | true",
        "other;note=\"x, perigee, y\" | false",
        "other;note=\"x\\\", perigee, y\" | false",
        "perigee2, x.perigee | false",
        "other;perigee | false",
        "'' | false"
      })
  void rfc8586_ownIdIsALoop(String field, boolean loop) {
    boolean denied =
        admission("GET", "CDN-Loop", field).equals(new Admission.Denied(Admission.DenyReason.LOOP));
    assertEquals(loop, denied);
    assertEquals(508, Admission.DenyReason.LOOP.status());
  }
}
