package dev.perigee.control.api;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.Edit;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.PostgresRolloutStore;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.Rollout;
import dev.perigee.control.store.SiteHistory;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/** Changes of sites that some nodes get first. */
final class RolloutResource {
  private static final Set<String> FIELDS =
      Set.of("site", "to", "revision", "canary", "holdSeconds", "errorPoints", "minimumRequests");
  private static final List<String> FILTERS = List.of("site", "state");
  private static final long MAX_HOLD = Duration.ofDays(30).toSeconds();
  private static final int MINIMUM_REQUESTS = 20;
  private static final int ERROR_POINTS = 5;

  private final Resources resources;
  private final SiteHistory history;
  private final PostgresRolloutStore rollouts;
  private final NodeStore nodes;
  private final FleetView fleet;

  RolloutResource(
      Resources resources,
      SiteHistory history,
      PostgresRolloutStore rollouts,
      NodeStore nodes,
      FleetView fleet) {
    this.resources = resources;
    this.history = history;
    this.rollouts = rollouts;
    this.nodes = nodes;
    this.fleet = fleet;
  }

  List<Routes.Route> routes() {
    String one = "/v1/rollouts/{rollout}";
    return List.of(
        new Routes.Route(
            Access.EDITOR,
            "POST",
            "/v1/sites/{site}/rollouts",
            "Replace a site's settings on some nodes first, by new ones or an earlier revision's.",
            "RolloutOrder",
            "Rollout",
            List.of(Edits.NOTE),
            List.of(Edits.USER),
            call -> begin(call.purview(), call.path("site"), Edits.of(call), call.body())),
        Routes.list(
            Access.VIEWER,
            "/v1/sites/{site}/rollouts",
            "A site's rollouts, newest first.",
            "RolloutList",
            FILTERS,
            call -> ofSite(call.purview(), call.path("site"), Listing.of(call, FILTERS))),
        Routes.list(
            Access.VIEWER,
            "/v1/rollouts",
            "The rollouts that are under way, by site.",
            "RolloutList",
            FILTERS,
            call -> underWay(call.purview(), Listing.of(call, FILTERS))),
        get(one, "A rollout.", "Rollout", call -> show(call.purview(), call.path("rollout"))),
        order(one + "/promote", "Give it to every node.", call -> ended(call, rollouts::promote)),
        order(
            one + "/halt",
            "Take it from its canaries.",
            call -> ended(call, id -> rollouts.halt(id, "halted by command"))));
  }

  private Reply ended(Routes.Call call, Function<String, Change<Rollout>> end) {
    return rollouts
        .byId(call.purview(), call.path("rollout"))
        .map(found -> Resources.changed(end.apply(found.id()), "rollout", r -> Reply.ok(view(r))))
        .orElseGet(() -> Reply.notFound("rollout"));
  }

  private static Routes.Route get(
      String template, String summary, String response, Routes.Action action) {
    return Routes.bare(Access.VIEWER, "GET", template, summary, response, action);
  }

  private static Routes.Route order(String template, String summary, Routes.Action action) {
    return Routes.bare(Access.EDITOR, "POST", template, summary, "Rollout", action);
  }

  private Reply begin(Purview purview, String name, Edits edits, String body) {
    Optional<SiteConfig> found = resources.find(purview, name);
    if (found.isEmpty()) {
      return Reply.notFound("site");
    }
    Input input = Input.read(body, FIELDS);
    if (input.has("site") == input.has("to")) {
      input.problem("site", "or to, a revision, says what the canaries get: give one of them");
    }
    Optional<Input> sent = input.object("site", Resources.SITE_FIELDS);
    SiteConfig before = found.get();
    SiteConfig candidate =
        sent.map(s -> resources.site(s, before.id(), Optional.of(before)))
            .orElseGet(() -> earlier(before, input));
    Edit edit = edits.read(sent.orElse(input));
    List<String> canaries = canaries(input, input.required("canary"), candidate);
    Rollout.Plan plan = plan(input);
    if (!input.problems().isEmpty()) {
      return Reply.invalid(input.problems());
    }
    return Resources.changed(
        rollouts.begin(candidate, canaries, plan, edit),
        "site",
        begun -> new Reply.Json(202, view(begun)));
  }

  /** The site as it was at the revision that is asked for. */
  private SiteConfig earlier(SiteConfig now, Input input) {
    OptionalLong to = input.whole("to");
    if (to.isEmpty()) {
      return now;
    }
    Optional<SiteConfig> then = history.at(now.id(), to.getAsLong()).map(SiteHistory.Entry::site);
    if (then.isEmpty()) {
      input.problem("to", "is no revision of this site that is kept");
    }
    return then.orElse(now);
  }

  private static Rollout.Plan plan(Input input) {
    OptionalLong hold = input.whole("holdSeconds");
    if (hold.orElse(0) < 0 || hold.orElse(0) > MAX_HOLD) {
      input.problem("holdSeconds", "must be 0 to " + MAX_HOLD);
    }
    int points = input.integer("errorPoints", ERROR_POINTS);
    if (points < 0 || points > 100) {
      input.problem("errorPoints", "must be 0 to 100");
    }
    int minimum = input.integer("minimumRequests", MINIMUM_REQUESTS);
    if (minimum < 1) {
      input.problem("minimumRequests", "must be at least 1");
    }
    Optional<Duration> after =
        hold.isPresent() ? Optional.of(Duration.ofSeconds(hold.getAsLong())) : Optional.empty();
    return new Rollout.Plan(after, points, minimum);
  }

  /** The nodes that are named, or a share of those that serve the site. */
  private List<String> canaries(Input input, String text, SiteConfig site) {
    List<String> serving =
        nodes.all().stream()
            .filter(node -> node.enrolled() && site.isServedIn(node.region()))
            .map(Node::name)
            .toList();
    if (text.matches("[0-9]{1,3}%")) {
      int percent = Integer.parseInt(text.substring(0, text.length() - 1));
      if (percent < 1 || percent > 100) {
        input.problem("canary", "must be 1% to 100%, or names of nodes with commas between them");
      }
      long count = (serving.size() * (long) percent + 99) / 100;
      // Those that are connected first, and of these not for every site the same.
      return serving.stream()
          .sorted(
              Comparator.<String>comparingInt(node -> fleet.state(node).connected() ? 0 : 1)
                  .thenComparingInt(node -> (site.id() + ":" + node).hashCode() * 0x9E3779B9)
                  .thenComparing(Comparator.naturalOrder()))
          .limit(count)
          .sorted()
          .toList();
    }
    List<String> named = new ArrayList<>();
    for (String name : text.isEmpty() ? new String[0] : text.split(",", -1)) {
      String node = name.strip();
      if (!serving.contains(node)) {
        input.problem("canary", "is no node that is enrolled and serves the site: " + node);
      }
      named.add(node);
    }
    return named.stream().distinct().sorted().toList();
  }

  private Reply ofSite(Purview purview, String name, Listing listing) {
    return resources
        .find(purview, name)
        .<Reply>map(
            site ->
                listing.page(
                    rollouts.of(site.id()),
                    Listing.Order.NEWEST,
                    rollout -> Long.toString(begun(rollout)),
                    this::view))
        .orElseGet(() -> Reply.notFound("site"));
  }

  /** Microseconds, as the database has them: one site has one rollout at a time. */
  private static long begun(Rollout rollout) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, rollout.begunAt());
  }

  private Reply underWay(Purview purview, Listing listing) {
    return listing.page(
        rollouts.underWay(purview),
        Listing.Order.NAME,
        rollout -> rollout.candidate().id(),
        this::view);
  }

  private Reply show(Purview purview, String id) {
    return rollouts
        .byId(purview, id)
        .map(rollout -> Reply.ok(view(rollout)))
        .orElseGet(() -> Reply.notFound("rollout"));
  }

  private Map<String, Object> view(Rollout rollout) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", rollout.id());
    view.put("site", rollout.candidate().id());
    view.put("state", rollout.state().word());
    view.put("revision", rollout.revision());
    view.put("candidate", Resources.view(rollout.candidate()));
    rollout.plan().hold().ifPresent(hold -> view.put("holdSeconds", hold.toSeconds()));
    view.put("errorPoints", rollout.plan().errorPoints());
    view.put("minimumRequests", rollout.plan().minimumRequests());
    view.put("who", rollout.who());
    view.put("note", rollout.note());
    view.put("reason", rollout.reason());
    view.put("begunAt", rollout.begunAt().toString());
    rollout.endedAt().ifPresent(at -> view.put("endedAt", at.toString()));
    view.put("canaries", rollout.canaries().stream().map(this::view).toList());
    view.put("others", rollout.others());
    return view;
  }

  private Map<String, Object> view(Rollout.Canary canary) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("node", canary.node());
    view.put("connected", fleet.state(canary.node()).connected());
    canary.appliedAt().ifPresent(at -> view.put("appliedAt", at.toString()));
    view.put("requests", canary.answered().requests());
    view.put("errors", canary.answered().errors());
    return view;
  }
}
