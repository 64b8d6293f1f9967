package dev.perigee.control.api;

import dev.perigee.control.api.Routes.Call;
import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.pki.Caller;
import dev.perigee.control.store.Terms;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What changes insist on (RFC 9110, section 13.1): with {@code If-Match} that things are as the
 * caller saw them, with {@code If-None-Match: *} that there are none yet. The look at them is part
 * of the transaction that changes them; for a site its revision is. {@code dry-run=true} has a
 * change tried and taken back.
 */
final class Preconditions {
  static final String IF_MATCH = "If-Match";
  static final String IF_NONE_MATCH = "If-None-Match";
  static final String DRY_RUN = "dry-run";

  /** Sites have revisions of their own, on which their changes insist. */
  private static final String SITE = "/v1/sites/{site}";

  private static final Pattern TAG = Pattern.compile("(W/)?(\"[\\x21\\x23-\\x7e\\x80-\\xff]*\")");
  private static final int MOST_TEXT = 4_096;

  private final Map<Route, Route> shown = new HashMap<>();
  private final Etags tags;

  Preconditions(List<Route> routes, Etags tags) {
    this.tags = tags;
    Map<String, Route> reads = new HashMap<>();
    routes.stream()
        .filter(route -> route.method().equals("GET"))
        .forEach(route -> reads.put(route.template(), route));
    for (Route route : routes) {
      Route read = reads.get(target(route));
      if (route.changes() && read != null) {
        shown.put(route, read);
      }
    }
  }

  /** What a route changes: what its path names, or what it orders to be done to that. */
  private static String target(Route route) {
    String template = route.template();
    if (!route.method().equals("POST")) {
      return template;
    }
    int last = template.lastIndexOf('/');
    return template.charAt(last - 1) == '}' ? template.substring(0, last) : "";
  }

  /** The route that shows what another one changes. */
  Optional<Route> shown(Route route) {
    return Optional.ofNullable(shown.get(route));
  }

  /** Whether answers of a route show what a change can insist on. */
  boolean isTagged(Route route) {
    return route.method().equals("GET")
        || shown.values().stream().anyMatch(read -> read.response().equals(route.response()));
  }

  /** The tag of what an answer shows. */
  Optional<String> tag(Route route, Reply reply) {
    if (route.response().isEmpty() || !isTagged(route)) {
      return Optional.empty();
    }
    return switch (reply) {
      case Reply.Json json -> Optional.of(tags.of(route.response(), json.body()));
      case Reply.Page page -> Optional.of(tags.of(route.response(), page.body()));
      case Reply.Empty empty -> Optional.empty();
      case Reply.Refused refused -> Optional.empty();
      case Reply.Later later -> Optional.empty();
    };
  }

  /** Tags that a field lists, or any. */
  private record Listed(boolean any, Set<String> strong, Set<String> all) {
    static Optional<Listed> of(Call call, String field) {
      return call.header(field).map(text -> read(field, text.strip()));
    }

    private static Listed read(String field, String text) {
      if (text.equals("*")) {
        return new Listed(true, Set.of(), Set.of());
      }
      Set<String> strong = new HashSet<>();
      Set<String> all = new HashSet<>();
      for (String one : text.length() > MOST_TEXT ? new String[0] : text.split(",", -1)) {
        Matcher tag = TAG.matcher(one.strip());
        if (!tag.matches()) {
          throw new Input.Unreadable(
              field + " must be * or tags as the field ETag shows them, with their quotes.");
        }
        all.add(tag.group(2));
        if (tag.group(1) == null) {
          strong.add(tag.group(2));
        }
      }
      return new Listed(false, strong, all);
    }
  }

  /** Makes a change on the terms of the call. */
  Reply change(Route route, Call call) {
    boolean trial = isTrial(call);
    Optional<Listed> match = Listed.of(call, IF_MATCH);
    Optional<Listed> noneMatch = Listed.of(call, IF_NONE_MATCH);
    Optional<Route> read = shown(route);
    if (read.isEmpty()) {
      return match.isPresent()
          ? unmet("What this changes has no ETag: leave If-Match out.")
          : plain(route, call, trial);
    }
    Condition condition = new Condition(read.get(), call, match, noneMatch);
    boolean insists = match.isPresent() || noneMatch.isPresent();
    // Once before anything else, and for good where nobody else changes it meanwhile.
    if (insists && !condition.holds()) {
      return condition.unmet();
    }
    if (read.get().template().equals(SITE)) {
      return insists ? ofSite(route, call, trial, condition) : plain(route, call, trial);
    }
    Terms terms =
        new Terms(
            trial,
            Optional.of(read.get().template()),
            insists ? Optional.of(condition::holds) : Optional.empty());
    try {
      return terms.during(() -> route.action().answer(call));
    } catch (Terms.Unmet e) {
      return condition.unmet();
    }
  }

  private static Reply plain(Route route, Call call, boolean trial) {
    return new Terms(trial, Optional.empty(), Optional.empty())
        .during(() -> route.action().answer(call));
  }

  /** The revision that was looked at is the one that the change insists on. */
  private Reply ofSite(Route route, Call call, boolean trial, Condition condition) {
    OptionalLong revision = condition.revision();
    return plain(route, revision.isPresent() ? new Pinned(call, revision) : call, trial);
  }

  /** A call that insists on a revision. */
  private record Pinned(Call call, OptionalLong ifRevision) implements Call {
    @Override
    public Caller caller() {
      return call.caller();
    }

    @Override
    public String path(String name) {
      return call.path(name);
    }

    @Override
    public Optional<String> query(String name) {
      return call.query(name);
    }

    @Override
    public Optional<String> header(String name) {
      return call.header(name);
    }

    @Override
    public String body() {
      return call.body();
    }
  }

  static boolean isTrial(Call call) {
    return switch (call.query(DRY_RUN).orElse("false")) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new Listing.Unsound(DRY_RUN, "must be true or false");
    };
  }

  private static Reply unmet(String detail) {
    return new Reply.Refused(
        412, "Precondition failed", "Nothing was changed. " + detail, List.of());
  }

  /** Whether things are as a call insists. */
  private final class Condition {
    private final Route read;
    private final Call call;
    private final Optional<Listed> match;
    private final Optional<Listed> noneMatch;
    private Optional<Object> seen = Optional.empty();

    Condition(Route read, Call call, Optional<Listed> match, Optional<Listed> noneMatch) {
      this.read = read;
      this.call = call;
      this.match = match;
      this.noneMatch = noneMatch;
    }

    /** What does not exist is not as anybody saw it. */
    boolean holds() {
      seen =
          switch (read.action().answer(call)) {
            case Reply.Json json -> Optional.of(json.body());
            case Reply.Page page -> Optional.of(page.body());
            case Reply.Empty empty -> Optional.empty();
            case Reply.Refused refused -> Optional.empty();
            case Reply.Later later -> Optional.empty();
          };
      if (seen.isEmpty()) {
        return match.isEmpty();
      }
      String tag = tags.of(read.response(), seen.get());
      return match.map(listed -> listed.any() || listed.strong().contains(tag)).orElse(true)
          && noneMatch.map(listed -> !listed.any() && !listed.all().contains(tag)).orElse(true);
    }

    OptionalLong revision() {
      return match.filter(listed -> !listed.any()).isPresent()
              && seen.orElse("") instanceof Map<?, ?> body
              && body.get("revision") instanceof Long revision
          ? OptionalLong.of(revision)
          : OptionalLong.empty();
    }

    Reply unmet() {
      return Preconditions.unmet(
          match.isPresent()
              ? "It is not as If-Match says any more: look at it again, and send its ETag."
              : "It is there already: without If-None-Match it would be replaced.");
    }
  }
}
