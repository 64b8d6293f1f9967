package dev.perigee.control.api;

import dev.perigee.contract.Problem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Which part of a list is asked for: so many items, behind the one that a page before ended with,
 * of those that have what the filters say. A page is cut by what items are called and not by their
 * place, so that none is left out or shown twice where others come or go meanwhile.
 *
 * @param most items
 * @param after name of the item behind which they begin
 * @param filters by the names of their query parameters
 */
record Listing(int most, Optional<String> after, Map<String, String> filters) {
  static final String LIMIT = "limit";
  static final String AFTER = "after";

  /** Items of a page where nobody says how many, and the most that may be asked for. */
  static final int MOST = 1_000;

  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");
  private static final int NAME_LENGTH = 300;

  Listing {
    filters = Map.copyOf(filters);
  }

  /** A parameter that is wrong. */
  static final class Unsound extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    Unsound(String field, String reason) {
      super(field + " " + reason);
      this.problem = new Problem(field, reason);
    }

    Reply reply() {
      return new Reply.Refused(
          422, "Invalid", "Nothing was looked for: " + getMessage(), List.of(problem));
    }
  }

  /** How a list is ordered, by the names of its items. */
  enum Order {
    /** As they are spelt. */
    NAME,
    /** Numbers, the largest first. */
    NEWEST;

    private Comparator<String> names() {
      return switch (this) {
        case NAME -> Comparator.naturalOrder();
        case NEWEST -> Comparator.comparingLong((String name) -> Long.parseLong(name)).reversed();
      };
    }
  }

  /** What a call asks for of a list. */
  static Listing of(Routes.Call call, List<String> filters) {
    return of(call, filters, MOST, MOST);
  }

  /**
   * The same of a list whose items are large.
   *
   * @param usual items of a page
   * @param most that may be asked for
   */
  static Listing of(Routes.Call call, List<String> filters, int usual, int most) {
    String limit = call.query(LIMIT).orElse(String.valueOf(usual));
    if (!limit.matches("[0-9]{1,4}")
        || Integer.parseInt(limit) < 1
        || Integer.parseInt(limit) > most) {
      throw new Unsound(LIMIT, "must be 1 to " + most);
    }
    Optional<String> after = call.query(AFTER);
    if (after.filter(text -> text.length() > NAME_LENGTH).isPresent()) {
      throw new Unsound(AFTER, "is longer than any name: send next of the page before");
    }
    Map<String, String> wanted = new LinkedHashMap<>();
    for (String name : filters) {
      call.query(name).ifPresent(value -> wanted.put(name, value));
    }
    return new Listing(Integer.parseInt(limit), after, wanted);
  }

  Optional<String> filter(String name) {
    return Optional.ofNullable(filters.get(name));
  }

  /** A filter that is true or false. */
  Optional<Boolean> flag(String name) {
    return filter(name)
        .map(
            text ->
                switch (text) {
                  case "true" -> true;
                  case "false" -> false;
                  default -> throw new Unsound(name, "must be true or false");
                });
  }

  /** A number behind which the page begins; empty for the first page. */
  Optional<Long> afterNumber() {
    after
        .filter(text -> !NUMBER.matcher(text).matches())
        .ifPresent(
            text -> {
              throw new Unsound(AFTER, "must be next of the page before");
            });
    return after.map(Long::parseLong);
  }

  /** How many to look for, so that it is known whether there are more. */
  int oneMore() {
    return most + 1;
  }

  /**
   * The page, of a list that is there whole.
   *
   * @param name of an item, which no other has
   */
  <T> Reply.Page page(
      List<T> all, Order order, Function<T, String> name, Function<T, Map<String, Object>> view) {
    if (order == Order.NEWEST) {
      afterNumber();
    }
    List<T> sorted =
        all.stream()
            .sorted(Comparator.comparing(name, order.names()))
            .filter(
                one -> after.isEmpty() || order.names().compare(name.apply(one), after.get()) > 0)
            .toList();
    List<Map<String, Object>> items = new ArrayList<>();
    String last = "";
    for (T one : sorted) {
      Map<String, Object> seen = view.apply(one);
      if (isWanted(seen)) {
        if (items.size() == most) {
          return new Reply.Page(items, Optional.of(last), Map.of());
        }
        items.add(seen);
        last = name.apply(one);
      }
    }
    return new Reply.Page(items, Optional.empty(), Map.of());
  }

  /** The page, of what was found for it in its order, which may be {@link #oneMore one more}. */
  <T> Reply.Page cut(
      List<T> found, Function<T, String> name, Function<T, Map<String, Object>> view) {
    List<T> shown = found.subList(0, Math.min(most, found.size()));
    Optional<String> next =
        found.size() > most ? Optional.of(name.apply(shown.getLast())) : Optional.empty();
    return new Reply.Page(shown.stream().map(view).toList(), next, Map.of());
  }

  /** Whether what is seen of an item has what the filters say: by field, one of a list's too. */
  private boolean isWanted(Map<String, Object> seen) {
    return filters.entrySet().stream()
        .allMatch(
            filter -> {
              Object value = seen.get(filter.getKey());
              return value instanceof List<?> several
                  ? several.contains(filter.getValue())
                  : value != null && value.toString().equals(filter.getValue());
            });
  }

  /** The link to the next page (RFC 8288): what was asked for, behind another item. */
  static String link(String path, Map<String, String> query, String next) {
    StringBuilder link = new StringBuilder("<").append(path);
    Map<String, String> all = new LinkedHashMap<>(query);
    all.put(AFTER, next);
    char before = '?';
    for (Map.Entry<String, String> parameter : all.entrySet()) {
      link.append(before).append(escaped(parameter.getKey()));
      link.append('=').append(escaped(parameter.getValue()));
      before = '&';
    }
    return link.append(">; rel=\"next\"").toString();
  }

  private static String escaped(String text) {
    return java.net.URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
