package dev.perigee.control.api;

import dev.perigee.contract.HostName;
import dev.perigee.contract.Problem;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.Edit;
import dev.perigee.control.store.Organisation;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.SiteStore;
import dev.perigee.control.store.SitesTogether;
import dev.perigee.control.store.VisibleSites;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The sites of an organisation as one list says they are: those that are missing are added, those
 * that differ changed, and where it is asked for those that the list does not have removed; all of
 * it in one transaction, or nothing. A dry run answers with the plan, on which the call that makes
 * it can insist.
 */
final class ApplyResource {
  private static final Set<String> FIELDS = Set.of("organisation", "sites", "prune", "plan");

  /** Changes at once: meanwhile nobody else's change has a number. */
  static final int MOST_CHANGES = 200;

  private final Resources resources;
  private final SiteStore sites;
  private final VisibleSites visible;
  private final SitesTogether together;

  ApplyResource(
      Resources resources, SiteStore sites, VisibleSites visible, SitesTogether together) {
    this.resources = resources;
    this.sites = sites;
    this.visible = visible;
    this.together = together;
  }

  List<Routes.Route> routes() {
    return List.of(
        new Routes.Route(
            Access.EDITOR_OF_ALL,
            "POST",
            "/v1/apply",
            "Have the sites of an organisation be as a list says, all of them or none.",
            "ApplyOrder",
            "Applied",
            List.of(Edits.NOTE),
            List.of(Edits.USER),
            this::apply));
  }

  /** What is to become of a site; in the order in which it is done, so that hosts become free. */
  private enum Kind {
    REMOVED,
    CHANGED,
    ADDED,
    SAME;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One site of the plan.
   *
   * @param at where it stands in the list; empty for one that is removed
   * @param before as it is; none for one that is added
   * @param wanted as it is to be; of one that is removed as it is
   */
  private record Step(
      Kind kind, String at, Optional<VisibleSites.Held> before, SiteConfig wanted, Edit edit) {
    List<Map<String, Object>> differences() {
      return switch (kind) {
        case REMOVED, SAME -> List.of();
        case CHANGED -> SiteDiff.between(before.orElseThrow().site(), wanted);
        case ADDED -> SiteDiff.of(wanted);
      };
    }
  }

  private Reply apply(Routes.Call call) {
    Input input = Input.read(call.body(), FIELDS);
    String organisation = Resources.organisation(input, call.purview());
    List<Input> wanted = input.objects("sites", Resources.SITE_FIELDS);
    if (!input.has("sites")) {
      input.problem("sites", "is missing; with prune an empty list removes all");
    }
    if (wanted.size() > Organisation.MOST_SITES) {
      input.problem("sites", "must be at most " + Organisation.MOST_SITES);
    }
    boolean prune = input.flag("prune");
    Optional<String> plan = input.text("plan");
    return input.problems().isEmpty()
        ? together.during(
            organisation,
            () -> {
              List<Step> steps = steps(input, organisation, wanted, prune, Edits.of(call));
              return made(input, organisation, steps, plan);
            },
            Reply.Json.class::isInstance)
        : Reply.invalid(input.problems());
  }

  private List<Step> steps(
      Input input, String organisation, List<Input> wanted, boolean prune, Edits edits) {
    Map<String, VisibleSites.Held> left = new LinkedHashMap<>();
    Purview all = Purview.of(organisation);
    Optional<String> after = Optional.empty();
    do {
      Optional<String> from = after;
      List<VisibleSites.Held> page = visible.page(all, VisibleSites.Wanted.behind(from));
      page.forEach(held -> left.put(held.id(), held));
      after = page.isEmpty() ? Optional.empty() : Optional.of(page.getLast().id());
    } while (after.isPresent());
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < wanted.size(); i++) {
      steps.add(step(wanted.get(i), "sites[" + i + "].", organisation, left, edits));
    }
    if (prune) {
      Edit edit = edits.read(input);
      left.values()
          .forEach(
              held -> steps.add(new Step(Kind.REMOVED, "", Optional.of(held), held.site(), edit)));
    }
    steps.sort(Comparator.comparing(Step::kind));
    return steps;
  }

  /** What one of the list is about, which is no other's any more. */
  private Step step(
      Input one, String at, String organisation, Map<String, VisibleSites.Held> left, Edits edits) {
    Optional<String> id = one.text("id");
    Optional<String> host =
        one.texts("hosts").stream().findFirst().flatMap(HostName::normalisePattern);
    Optional<VisibleSites.Held> before =
        id.isPresent()
            ? Optional.ofNullable(left.get(id.get()))
            : left.values().stream()
                .filter(held -> host.filter(held.site().hosts()::contains).isPresent())
                .findFirst();
    before.ifPresent(held -> left.remove(held.id()));
    SiteConfig wanted =
        resources.site(
            one,
            before.map(VisibleSites.Held::id).or(() -> id).orElse(""),
            before.map(VisibleSites.Held::site));
    Resources.unchanged(one, "organisation", organisation);
    Edit edit = edits.read(one);
    boolean same = before.filter(held -> held.site().equals(wanted)).isPresent();
    Kind kind = same ? Kind.SAME : before.isPresent() ? Kind.CHANGED : Kind.ADDED;
    return new Step(kind, at, before, wanted, edit);
  }

  private Reply made(Input input, String organisation, List<Step> steps, Optional<String> plan) {
    if (!input.problems().isEmpty()) {
      return Reply.invalid(input.problems());
    }
    long changes = steps.stream().filter(step -> step.kind() != Kind.SAME).count();
    if (changes > MOST_CHANGES) {
      String reason =
          "would change %d: at most %d at once, so apply some of them first"
              .formatted(changes, MOST_CHANGES);
      return Reply.invalid("sites", reason);
    }
    String is = plan(steps);
    if (plan.filter(text -> !text.equals(is)).isPresent()) {
      return new Reply.Refused(
          412,
          "Precondition failed",
          "Nothing was changed: the sites are not as the plan saw them; make another plan.",
          List.of());
    }
    List<Map<String, Object>> items = new ArrayList<>();
    for (Step step : steps) {
      Change<SiteConfig> change = change(organisation, step);
      if (!(change instanceof Change.Committed<SiteConfig>(SiteConfig site, long revision))) {
        return refused(change, step.at());
      }
      items.add(view(step, site, revision));
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("organisation", organisation);
    answer.put("plan", is);
    for (Kind kind : Kind.values()) {
      answer.put(kind.word(), steps.stream().filter(step -> step.kind() == kind).count());
    }
    answer.put("items", items);
    return Reply.ok(answer);
  }

  private Change<SiteConfig> change(String organisation, Step step) {
    return switch (step.kind()) {
      case REMOVED -> sites.remove(step.wanted().id(), step.edit());
      case CHANGED -> sites.replace(step.wanted(), step.edit());
      case ADDED -> sites.add(step.wanted(), organisation, step.edit());
      case SAME -> new Change.Committed<>(step.wanted(), step.before().orElseThrow().revision());
    };
  }

  /** Why one of them cannot be, and so none is. */
  private static Reply refused(Change<SiteConfig> change, String at) {
    return Resources.changed(
        switch (change) {
          case Change.Invalid<SiteConfig>(var problems) ->
              new Change.Invalid<SiteConfig>(problems.stream().map(p -> behind(at, p)).toList());
          case Change.Conflict<SiteConfig>(var problem) ->
              new Change.Conflict<>(behind(at, problem));
          case Change.Committed<SiteConfig> done -> done;
          case Change.Stale<SiteConfig> stale -> stale;
          case Change.Limited<SiteConfig> limited -> limited;
          case Change.Unknown<SiteConfig> unknown -> unknown;
        },
        "site",
        done -> new Reply.Empty());
  }

  private static Problem behind(String at, Problem problem) {
    return new Problem(at + problem.field(), problem.reason());
  }

  /** The same for the same changes of the same sites. */
  private static String plan(List<Step> steps) {
    List<List<Object>> all = new ArrayList<>();
    for (Step step : steps) {
      long revision = step.before().map(VisibleSites.Held::revision).orElse(0L);
      all.add(List.of(step.kind(), step.wanted().id(), revision, step.differences()));
    }
    return Etags.hash(all);
  }

  private static Map<String, Object> view(Step step, SiteConfig site, long revision) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", site.id());
    view.put("change", step.kind().word());
    view.put("hosts", site.hosts());
    view.put("revision", revision);
    view.put("differences", step.differences());
    return view;
  }
}
