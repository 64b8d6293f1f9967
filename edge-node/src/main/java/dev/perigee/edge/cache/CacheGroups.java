package dev.perigee.edge.cache;

import java.util.ArrayList;
import java.util.List;
import org.greenbytes.http.sfv.ListElement;
import org.greenbytes.http.sfv.ParseException;
import org.greenbytes.http.sfv.Parser;
import org.greenbytes.http.sfv.StringItem;

/** The groups that a response names in Cache-Groups (RFC 9875, section 2). */
final class CacheGroups {
  private CacheGroups() {}

  /**
   * A list of strings, whose parameters say nothing; none where the field is anything else, which
   * is then ignored as a whole (RFC 8941, section 4.2).
   *
   * @param lines of the field
   */
  static List<String> of(List<String> lines) {
    if (lines.isEmpty()) {
      return List.of();
    }
    List<String> groups = new ArrayList<>();
    try {
      for (ListElement<?> member : new Parser(lines).parseList().get()) {
        if (!(member instanceof StringItem group)) {
          return List.of();
        }
        groups.add(group.get());
      }
    } catch (ParseException e) {
      return List.of();
    }
    return groups;
  }
}
