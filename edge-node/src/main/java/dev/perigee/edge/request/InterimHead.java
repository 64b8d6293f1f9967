package dev.perigee.edge.request;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An interim response that is passed on to the one whose request it is for (RFC 9110, section
 * 15.2): 102, 103 and whatever comes after; never 100, which is between neighbours, nor 101.
 *
 * @param status 102 to 199
 * @param fields without those of one connection
 */
public record InterimHead(int status, FieldList fields) {
  private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.1 (1[0-9]{2})(?: .*)?");
  private static final Pattern FIELD =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \\t]*([^\\x00-\\x08\\x0a-\\x1f\\x7f]*)");
  private static final Set<String> HOP_BY_HOP =
      Set.of("connection", "keep-alive", "transfer-encoding", "upgrade", "content-length", "te");
  private static final int FIRST = 102;
  private static final int MAX_FIELDS = 100;

  /** Reads a head as sent; empty where it is not passed on or is malformed. */
  public static Optional<InterimHead> parse(String text) {
    String[] lines = text.split("\r?\n", -1);
    Matcher first = STATUS_LINE.matcher(lines[0]);
    if (!first.matches() || Integer.parseInt(first.group(1)) < FIRST) {
      return Optional.empty();
    }
    FieldList.Builder fields = FieldList.builder();
    for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
      Matcher field = FIELD.matcher(lines[i]);
      if (!field.matches() || i > MAX_FIELDS) {
        return Optional.empty();
      }
      if (!HOP_BY_HOP.contains(field.group(1).toLowerCase(Locale.ROOT))) {
        fields.add(field.group(1), field.group(2).strip());
      }
    }
    return Optional.of(new InterimHead(Integer.parseInt(first.group(1)), fields.build()));
  }

  /** As it is sent over HTTP/1.1. */
  public String toText() {
    StringBuilder text = new StringBuilder("HTTP/1.1 " + status + " Interim\r\n");
    fields.forEach((name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
    return text.append("\r\n").toString();
  }
}
