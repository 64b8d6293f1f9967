package dev.perigee.contract;

import java.net.IDN;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A host in the one form that routes, keys, certificates and purges compare: A-labels, lower case,
 * no trailing dot, no port. Labels follow RFC 1123, section 2.1 (underscore also, as seen in
 * practice); an IP literal stands as it is, IPv6 in brackets.
 */
public final class HostName {
  private static final Pattern IPV6 = Pattern.compile("\\[[0-9a-f:.]{2,45}]");
  private static final int LABEL_LENGTH = 63;

  private HostName() {}

  /** The normal form, or empty when {@code text} is no host. */
  public static Optional<String> normalise(String text) {
    String host = text;
    if (host.endsWith(".")) {
      host = host.substring(0, host.length() - 1);
    }
    if (host.isEmpty() || host.length() > Limits.HOST_LENGTH) {
      return Optional.empty();
    }
    host = toAscii(host).toLowerCase(Locale.ROOT);
    boolean isHost = host.startsWith("[") ? IPV6.matcher(host).matches() : isLabels(host);
    return isHost ? Optional.of(host) : Optional.empty();
  }

  /** The normal form of a site's host: a host name, or {@code *.} before one. */
  public static Optional<String> normalisePattern(String text) {
    if (!text.startsWith("*.")) {
      return normalise(text);
    }
    return normalise(text.substring(2)).filter(rest -> rest.indexOf('.') > 0).map("*."::concat);
  }

  /**
   * Whether a wildcard such as {@code *.shop.example} covers {@code host}: exactly one label more
   * (RFC 6125, section 6.4.3).
   */
  public static boolean matches(String pattern, String host) {
    if (!pattern.startsWith("*.")) {
      return pattern.equals(host);
    }
    int dot = host.indexOf('.');
    return dot > 0 && host.substring(dot).equals(pattern.substring(1));
  }

  private static boolean isLabels(String host) {
    if (host.length() > Limits.HOST_LENGTH) {
      return false;
    }
    int start = 0;
    for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', start)) {
      if (!isLabel(host, start, dot)) {
        return false;
      }
      start = dot + 1;
    }
    return isLabel(host, start, host.length());
  }

  private static boolean isLabel(String host, int start, int end) {
    if (end == start || end - start > LABEL_LENGTH) {
      return false;
    }
    for (int i = start; i < end; i++) {
      char c = host.charAt(i);
      boolean isWord = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      if (!isWord && (c != '-' || i == start || i == end - 1)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isAscii(String host) {
    for (int i = 0; i < host.length(); i++) {
      if (host.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }

  private static String toAscii(String host) {
    if (isAscii(host)) {
      return host;
    }
    try {
      return IDN.toASCII(host);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }
}
