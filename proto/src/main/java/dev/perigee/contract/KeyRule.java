package dev.perigee.contract;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What tells the responses of a site apart besides host and path.
 *
 * @param query which parameters of the query count
 * @param names of parameters, for {@link Query#ONLY} and {@link Query#EXCEPT}; one that ends with
 *     {@code *} stands for all that begin so
 * @param sort whether their order does not count
 * @param headers names of request fields whose values count, in lower case
 * @param cookies names of cookies whose values count
 * @param device whether mobile, tablet and desktop count
 * @param country whether the country of the client's address counts
 */
public record KeyRule(
    Query query,
    List<String> names,
    boolean sort,
    List<String> headers,
    List<String> cookies,
    boolean device,
    boolean country) {
  /** The whole query as it comes, and nothing else. */
  public static final KeyRule DEFAULT =
      new KeyRule(Query.ALL, List.of(), false, List.of(), List.of(), false, false);

  /** Copies the lists. */
  public KeyRule {
    names = List.copyOf(names);
    headers = List.copyOf(headers);
    cookies = List.copyOf(cookies);
  }

  /** Which parameters count. */
  public enum Query {
    ALL,
    NONE,
    ONLY,
    EXCEPT;

    /** As it stands in JSON. */
    public String token() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The one with this token. */
    public static Optional<Query> of(String token) {
      for (Query query : values()) {
        if (query.token().equals(token)) {
          return Optional.of(query);
        }
      }
      return Optional.empty();
    }
  }

  /** The part of a normalised target that counts. */
  public String target(String target) {
    int mark = target.indexOf('?');
    if (mark < 0 || (query == Query.ALL && !sort)) {
      return target;
    }
    String path = target.substring(0, mark);
    if (query == Query.NONE) {
      return path;
    }
    List<String> kept = new ArrayList<>();
    for (String parameter : target.substring(mark + 1).split("&", -1)) {
      if (counts(parameter)) {
        kept.add(parameter);
      }
    }
    if (sort) {
      Collections.sort(kept);
    }
    return kept.isEmpty() ? path : path + "?" + String.join("&", kept);
  }

  private boolean counts(String parameter) {
    if (query == Query.ALL) {
      return true;
    }
    int equals = parameter.indexOf('=');
    String name = equals < 0 ? parameter : parameter.substring(0, equals);
    boolean named = names.stream().anyMatch(pattern -> fits(pattern, name));
    return named == (query == Query.ONLY);
  }

  private static boolean fits(String pattern, String name) {
    return pattern.endsWith("*")
        ? name.startsWith(pattern.substring(0, pattern.length() - 1))
        : name.equals(pattern);
  }

  /** Whether more of a request counts than where it goes. */
  public boolean hasExtra() {
    return device || country || !headers.isEmpty() || !cookies.isEmpty();
  }
}
