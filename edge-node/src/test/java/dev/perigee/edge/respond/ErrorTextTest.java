package dev.perigee.edge.respond;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.ErrorPage;
import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.OriginSigning;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.RequestId;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Errors are told in the form that was asked for, and name the request. */
final class ErrorTextTest {
  private static RequestHead asking(String accept) {
    return new RequestHead(
        "GET",
        "http",
        "a.example",
        80,
        "/",
        "HTTP/1.1",
        FieldList.of("Accept", accept),
        "192.0.2.7",
        false,
        List.of(),
        RequestId.given("abc").orElseThrow());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8 | true",
        "*/* | false",
        "text/* | false",
        "'' | false",
        "text/plain, text/html;q=0.5 | false",
        "text/plain;q=0.5, TEXT/HTML | true",
        "text/html;q=0 | false",
        "text/html;q=x | false",
        "application/json | false"
      })
  void htmlIsForThoseWhoNameIt(String accept, boolean html) {
    assertEquals(html, ErrorText.prefersHtml(accept));
    String type = ErrorText.of(502, "No.", asking(accept), Optional.empty()).contentType();
    assertEquals(html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8", type);
  }

  @Test
  void everyTextNamesTheRequest() {
    assertEquals(
        "502 No.\nRequest abc\n", ErrorText.of(502, "No.", asking(""), Optional.empty()).text());
    String html = ErrorText.of(502, "1 < 2", asking("text/html"), Optional.empty()).text();
    assertTrue(html.contains("<code>abc</code>") && html.contains("1 &lt; 2"), html);
  }

  @Test
  void aPageForTheStatusWinsOverOneForItsClass() {
    List<ErrorPage> pages =
        List.of(new ErrorPage("5xx", "<p>{status} {request-id}"), new ErrorPage("503", "<p>later"));
    HidingPolicy hiding =
        new HidingPolicy(List.of(), List.of(), true, false, pages, OriginSigning.none());
    RequestHead browser = asking("text/html");
    assertEquals("<p>later", ErrorText.of(503, "No.", browser, Optional.of(hiding)).text());
    assertEquals("<p>502 abc", ErrorText.of(502, "No.", browser, Optional.of(hiding)).text());
    assertTrue(ErrorText.of(404, "No.", browser, Optional.of(hiding)).text().contains("<h1>404"));
    assertTrue(
        ErrorText.of(503, "No.", asking("*/*"), Optional.of(hiding)).text().startsWith("503"));
  }
}
