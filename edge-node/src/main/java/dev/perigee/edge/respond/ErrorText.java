package dev.perigee.edge.respond;

import dev.perigee.contract.HidingPolicy;
import dev.perigee.edge.request.RequestHead;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * What a reader is told where there is nothing else: as text, or as HTML where that is asked for;
 * as the site's own page where it has one. Each names the request, and none an origin.
 *
 * @param contentType its media type
 * @param text the body
 */
public record ErrorText(String contentType, String text) {
  private static final String HTML = "text/html; charset=utf-8";

  /**
   * The text for a status.
   *
   * @param sentence of our own, without anything that readers or origins sent
   * @param hiding of the site; empty where none is concerned
   */
  public static ErrorText of(
      int status, String sentence, RequestHead request, Optional<HidingPolicy> hiding) {
    String id = request.id().text();
    if (!prefersHtml(request.fields().joined("Accept").orElse(""))) {
      return new ErrorText(
          "text/plain; charset=utf-8", status + " " + sentence + "\nRequest " + id + "\n");
    }
    return new ErrorText(
        HTML,
        hiding
            .flatMap(policy -> policy.page(status))
            .map(page -> filled(page.html(), status, id))
            .orElseGet(() -> page(status, sentence, id)));
  }

  public byte[] bytes() {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String filled(String html, int status, String id) {
    return html.replace("{status}", Integer.toString(status)).replace("{request-id}", escaped(id));
  }

  private static String page(int status, String sentence, String id) {
    return """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>%d</title>
    <h1>%d</h1>
    <p>%s</p>
    <p>Request <code>%s</code></p>
    </html>
    """
        .formatted(status, status, escaped(sentence), escaped(id));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** Only where HTML is named, and not less wanted than text (RFC 9110, section 12.5.1). */
  static boolean prefersHtml(String accept) {
    double html = 0;
    double plain = 0;
    for (String range : accept.toLowerCase(Locale.ROOT).split(",", -1)) {
      String[] parts = range.split(";", -1);
      switch (parts[0].strip()) {
        case "text/html", "application/xhtml+xml" -> html = Math.max(html, weight(parts));
        case "text/plain" -> plain = Math.max(plain, weight(parts));
        default -> {
          // Whoever takes anything reads text as well.
        }
      }
    }
    return html > 0 && html >= plain;
  }

  private static double weight(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].strip();
      if (parameter.startsWith("q=")) {
        String value = parameter.substring(2);
        return value.matches("[01](\\.[0-9]{0,3})?") ? Double.parseDouble(value) : 0;
      }
    }
    return 1;
  }
}
