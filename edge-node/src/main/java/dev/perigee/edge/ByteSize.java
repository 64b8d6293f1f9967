package dev.perigee.edge;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A number of bytes as operators write it: {@code 512k}, {@code 100m}, {@code 10g}, {@code 1t}. */
record ByteSize(long bytes) {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,12})([kmgt]?)b?");
  private static final int KILO_BITS = 10;

  /**
   * Reads a size.
   *
   * @throws IllegalArgumentException with a sentence when it is none
   */
  static ByteSize parse(String text) {
    Matcher matcher = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException("'" + text + "' is not a size such as 100m or 10g.");
    }
    int power = " kmgt".indexOf(matcher.group(2).isEmpty() ? " " : matcher.group(2));
    long number = Long.parseLong(matcher.group(1));
    if (number > Long.MAX_VALUE >> (KILO_BITS * power)) {
      throw new IllegalArgumentException("'" + text + "' is too large.");
    }
    return new ByteSize(number << (KILO_BITS * power));
  }

  @Override
  public String toString() {
    String units = "kmgt";
    long rest = bytes;
    int unit = -1;
    while (rest > 0 && rest % 1024 == 0 && unit < units.length() - 1) {
      rest >>= KILO_BITS;
      unit++;
    }
    return unit < 0 ? Long.toString(rest) : rest + units.substring(unit, unit + 1);
  }
}
