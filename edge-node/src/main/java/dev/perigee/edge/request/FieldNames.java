package dev.perigee.edge.request;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A set of field names, which compare without case (RFC 9110, section 5.1). Asked several times for
 * each field of each message, so it makes no strings.
 */
public final class FieldNames {
  /** Bit in which the cases of a letter differ. */
  private static final int CASE = 0x20;

  /** Open addressing, at most half full. */
  private final @Nullable String[] slots;

  private FieldNames(Collection<String> names) {
    slots = new String[Integer.highestOneBit(Math.max(1, names.size())) * 4];
    for (String name : names) {
      int at = slot(name);
      while (slots[at] != null) {
        at = (at + 1) & (slots.length - 1);
      }
      slots[at] = name;
    }
  }

  public static FieldNames of(String... names) {
    return new FieldNames(List.of(names));
  }

  /** Whether the name is one of them. */
  public boolean contains(String name) {
    int at = slot(name);
    for (String other = slots[at]; other != null; other = slots[at]) {
      if (other.equalsIgnoreCase(name)) {
        return true;
      }
      at = (at + 1) & (slots.length - 1);
    }
    return false;
  }

  private int slot(String name) {
    int hash = name.length();
    for (int i = 0; i < name.length(); i++) {
      hash = 31 * hash + (name.charAt(i) | CASE);
    }
    return (hash ^ hash >>> 16) & (slots.length - 1);
  }
}
