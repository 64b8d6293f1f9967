package dev.perigee.edge.listener;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Reads one line of the Forwarded field (RFC 7239, section 4), strictly: a line that breaks the
 * grammar anywhere has no elements at all, for nobody can say where one ends.
 */
final class ForwardedLine {
  private static final int MAX_ELEMENTS = 64;
  private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";

  private final String text;
  private int at;

  private ForwardedLine(String text) {
    this.text = text;
  }

  /** The elements in their order, each with its parameters by lower-case name. */
  static Optional<List<Map<String, String>>> parse(String line) {
    return new ForwardedLine(line).elements();
  }

  private Optional<List<Map<String, String>>> elements() {
    List<Map<String, String>> found = new ArrayList<>();
    do {
      Optional<Map<String, String>> element = element();
      if (element.isEmpty() || found.size() == MAX_ELEMENTS) {
        return Optional.empty();
      }
      // An empty element is allowed in any list and says nothing (RFC 9110, section 5.6.1).
      if (!element.get().isEmpty()) {
        found.add(element.get());
      }
    } while (skip(','));
    return at == text.length() ? Optional.of(found) : Optional.empty();
  }

  private Optional<Map<String, String>> element() {
    Map<String, String> pairs = new HashMap<>();
    do {
      spaces();
      String name = token().toLowerCase(Locale.ROOT);
      if (!name.isEmpty()) {
        Optional<String> value = skip('=') ? value() : Optional.empty();
        if (value.isEmpty() || pairs.put(name, value.get()) != null) {
          return Optional.empty();
        }
      }
      spaces();
    } while (skip(';'));
    return Optional.of(pairs);
  }

  private Optional<String> value() {
    if (!skip('"')) {
      String token = token();
      return token.isEmpty() ? Optional.empty() : Optional.of(token);
    }
    StringBuilder value = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '"') {
        return Optional.of(value.toString());
      }
      if (c == '\\' && at < text.length()) {
        c = text.charAt(at++);
      }
      value.append(c);
    }
    return Optional.empty();
  }

  private String token() {
    int start = at;
    while (at < text.length() && isTokenCharacter(text.charAt(at))) {
      at++;
    }
    return text.substring(start, at);
  }

  private void spaces() {
    while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
      at++;
    }
  }

  private boolean skip(char c) {
    boolean there = at < text.length() && text.charAt(at) == c;
    at += there ? 1 : 0;
    return there;
  }

  private static boolean isTokenCharacter(char c) {
    return (c >= '0' && c <= '9')
        || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || TOKEN_MARKS.indexOf(c) >= 0;
  }
}
