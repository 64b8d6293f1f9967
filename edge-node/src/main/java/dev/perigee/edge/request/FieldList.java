package dev.perigee.edge.request;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/** An immutable list of header field lines. */
public final class FieldList implements Fields {
  private static final FieldList EMPTY = new FieldList(new String[0]);

  /** Name, value, name, value … */
  private final String[] lines;

  private FieldList(String[] lines) {
    this.lines = lines;
  }

  public static FieldList empty() {
    return EMPTY;
  }

  /** {@code namesAndValues}: name, value, name, value … */
  public static FieldList of(String... namesAndValues) {
    if (namesAndValues.length % 2 != 0) {
      throw new IllegalArgumentException("a name without a value");
    }
    return new FieldList(namesAndValues.clone());
  }

  public static FieldList copyOf(Fields fields) {
    if (fields instanceof FieldList list) {
      return list;
    }
    Builder builder = builder();
    fields.forEach(builder::add);
    return builder.build();
  }

  public static Builder builder() {
    return new Builder();
  }

  /** A builder that starts with these lines. */
  public Builder toBuilder() {
    Builder builder = builder();
    forEach(builder::add);
    return builder;
  }

  /** These lines and then others: name, value, name, value … */
  public FieldList plus(String... namesAndValues) {
    String[] all = Arrays.copyOf(lines, lines.length + namesAndValues.length);
    System.arraycopy(namesAndValues, 0, all, lines.length, namesAndValues.length);
    return new FieldList(all);
  }

  /** Number of field lines. */
  public int size() {
    return lines.length / 2;
  }

  /** Name of a line, counted from 0. */
  public String name(int line) {
    return lines[2 * line];
  }

  /** Value of a line, counted from 0. */
  public String value(int line) {
    return lines[2 * line + 1];
  }

  /** Characters of all names and values. */
  public int characters() {
    int count = 0;
    for (String line : lines) {
      count += line.length();
    }
    return count;
  }

  @Override
  public Optional<String> first(String name) {
    for (int i = 0; i < lines.length; i += 2) {
      if (lines[i].equalsIgnoreCase(name)) {
        return Optional.of(lines[i + 1]);
      }
    }
    return Optional.empty();
  }

  @Override
  public List<String> all(String name) {
    List<String> values = List.of();
    for (int i = 0; i < lines.length; i += 2) {
      if (lines[i].equalsIgnoreCase(name)) {
        if (values.isEmpty()) {
          values = new ArrayList<>(2);
        }
        values.add(lines[i + 1]);
      }
    }
    return values;
  }

  @Override
  public boolean mentions(String name, String text) {
    for (int i = 0; i < lines.length; i += 2) {
      if (lines[i].equalsIgnoreCase(name) && Fields.isIn(lines[i + 1], text)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void forEach(BiConsumer<String, String> action) {
    for (int i = 0; i < lines.length; i += 2) {
      action.accept(lines[i], lines[i + 1]);
    }
  }

  @Override
  public String toString() {
    StringBuilder out = new StringBuilder();
    forEach((name, value) -> out.append(name).append(": ").append(value).append('\n'));
    return out.toString();
  }

  /** Collects field lines; not for use by two threads. */
  public static final class Builder {
    private final List<String> lines = new ArrayList<>(32);

    private Builder() {}

    public Builder add(String name, String value) {
      lines.add(name);
      lines.add(value);
      return this;
    }

    /** Replaces every line of the field by this one. */
    public Builder set(String name, String value) {
      return remove(name).add(name, value);
    }

    public Builder remove(String name) {
      for (int i = lines.size() - 2; i >= 0; i -= 2) {
        if (lines.get(i).equalsIgnoreCase(name)) {
          lines.remove(i + 1);
          lines.remove(i);
        }
      }
      return this;
    }

    public FieldList build() {
      return new FieldList(lines.toArray(String[]::new));
    }
  }
}
