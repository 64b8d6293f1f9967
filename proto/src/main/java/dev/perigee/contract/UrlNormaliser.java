package dev.perigee.contract;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The one function from a request's target to the path and query under which it is routed, keyed
 * and purged.
 *
 * <p>Only what RFC 3986 calls equivalent is made equal: escapes of unreserved characters are
 * decoded, other escapes get upper-case digits (section 6.2.2), dot segments are removed (section
 * 5.2.4), an empty path becomes {@code /}; and a question mark with nothing behind it goes, since
 * half of all servers never see it. Everything else stays: double slashes, the order of query
 * parameters, a trailing slash, {@code ;}. What servers read differently is refused, so that nobody
 * can store under one key what another reads under it: a control character, a space, a backslash or
 * a fragment, a broken escape, an encoded slash, backslash or NUL in the path, and anything outside
 * ASCII.
 */
public final class UrlNormaliser {
  private UrlNormaliser() {}

  /**
   * The normal form of an origin-form target (RFC 9112, section 3.2.1), or empty when it is
   * ambiguous or longer than {@link Limits#TARGET_LENGTH}.
   */
  public static Optional<String> target(String target) {
    if (target.length() > Limits.TARGET_LENGTH) {
      return Optional.empty();
    }
    int mark = target.indexOf('?');
    String path = mark < 0 ? target : target.substring(0, mark);
    Optional<String> cleanPath = path(path);
    if (cleanPath.isEmpty() || mark < 0 || mark == target.length() - 1) {
      return cleanPath;
    }
    return escapes(target.substring(mark + 1), false).map(query -> cleanPath.get() + "?" + query);
  }

  /** The normal form of a path without a query; see {@link #target}. */
  public static Optional<String> path(String path) {
    if (path.isEmpty()) {
      return Optional.of("/");
    }
    if (path.charAt(0) != '/' || path.length() > Limits.TARGET_LENGTH) {
      return Optional.empty();
    }
    if (isPlain(path)) {
      return Optional.of(path);
    }
    return escapes(path, true).map(UrlNormaliser::withoutDotSegments);
  }

  /** Whether the path is its own normal form at first sight; the common case, and no garbage. */
  private static boolean isPlain(String path) {
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      boolean dotAfterSlash = c == '.' && path.charAt(i - 1) == '/';
      if (dotAfterSlash || !isAllowed(c) || c == '%' || c == '?') {
        return false;
      }
    }
    return true;
  }

  private static Optional<String> escapes(String text, boolean isPath) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '%') {
        if (!isAllowed(c)) {
          return Optional.empty();
        }
        out.append(c);
        continue;
      }
      int octet = octetAt(text, i + 1);
      if (octet < 0 || (isPath && (octet == 0 || octet == '/' || octet == '\\'))) {
        return Optional.empty();
      }
      if (isUnreserved(octet)) {
        out.append((char) octet);
      } else {
        out.append(text.substring(i, i + 3).toUpperCase(Locale.ROOT));
      }
      i += 2;
    }
    return Optional.of(out.toString());
  }

  private static int octetAt(String text, int start) {
    if (start + 2 > text.length()) {
      return -1;
    }
    int high = digit(text.charAt(start));
    int low = digit(text.charAt(start + 1));
    return high < 0 || low < 0 ? -1 : high * 16 + low;
  }

  /** Of ASCII alone: other scripts have digits too. */
  private static int digit(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }

  private static boolean isUnreserved(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '.'
        || c == '_'
        || c == '~';
  }

  private static boolean isAllowed(char c) {
    return c > ' ' && c < 0x7F && c != '\\' && c != '#';
  }

  private static String withoutDotSegments(String path) {
    String[] segments = path.substring(1).split("/", -1);
    List<String> kept = new ArrayList<>(segments.length);
    for (int i = 0; i < segments.length; i++) {
      String segment = segments[i];
      boolean last = i == segments.length - 1;
      if (segment.equals("..")) {
        if (!kept.isEmpty()) {
          kept.removeLast();
        }
      } else if (!segment.equals(".")) {
        kept.add(segment);
        continue;
      }
      if (last) {
        kept.add("");
      }
    }
    return "/" + String.join("/", kept);
  }
}
