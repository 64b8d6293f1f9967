package dev.perigee.control.api;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.Edit;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.store.SiteHistory.Entry;
import dev.perigee.control.store.SiteStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/** What sites were before: shown, compared, put in force again. */
final class SiteHistoryResource {
  private static final Set<String> ROLLBACK_FIELDS = Set.of("to", "revision");

  private final SiteStore sites;
  private final SiteHistory history;
  private final Function<String, Optional<SiteConfig>> find;

  /**
   * A resource.
   *
   * @param find a site by id or host
   */
  SiteHistoryResource(
      SiteStore sites, SiteHistory history, Function<String, Optional<SiteConfig>> find) {
    this.sites = sites;
    this.history = history;
    this.find = find;
  }

  List<Routes.Route> routes() {
    String site = "/v1/sites/{site}";
    return List.of(
        new Routes.Route(
            "GET",
            site + "/history",
            "The revisions of a site that are kept, newest first; by id those of a removed one"
                + " too.",
            "",
            "SiteHistory",
            List.of(),
            List.of(),
            call -> list(call.path("site"))),
        new Routes.Route(
            "GET",
            site + "/history/{revision}",
            "A site as a revision left it.",
            "",
            "SiteRevision",
            List.of(),
            List.of(),
            call -> show(call.path("site"), call.path("revision"))),
        new Routes.Route(
            "GET",
            site + "/diff",
            "What changed between two revisions, by field; the last change where none are given.",
            "",
            "SiteDiff",
            List.of("from", "to"),
            List.of(),
            call -> diff(call.path("site"), call.query("from"), call.query("to"))),
        new Routes.Route(
            "POST",
            site + "/rollback",
            "Put an earlier revision's settings in force, as a new change.",
            "SiteRollback",
            "Site",
            List.of(Edits.NOTE),
            List.of(Edits.USER),
            call -> rollBack(call.path("site"), Edits.of(call), call.body())));
  }

  /** The id of a site that exists; else what was asked may be the id of one that did. */
  private String id(String name) {
    return find.apply(name).map(SiteConfig::id).orElse(name);
  }

  private Reply list(String name) {
    List<Entry> entries = history.of(id(name));
    return entries.isEmpty() && find.apply(name).isEmpty()
        ? Reply.notFound("site")
        : Reply.items(entries.stream().map(SiteHistoryResource::view).toList());
  }

  private Reply show(String name, String revision) {
    return number(revision)
        .flatMap(number -> history.at(id(name), number))
        .map(
            entry -> {
              Map<String, Object> view = view(entry);
              view.put("site", Resources.view(entry.site()));
              return Reply.ok(view);
            })
        .orElseGet(() -> Reply.notFound("revision of this site"));
  }

  private Reply diff(String name, Optional<String> from, Optional<String> to) {
    List<Entry> entries = history.of(id(name));
    Optional<Entry> after =
        to.isEmpty() ? entries.stream().findFirst() : to.flatMap(text -> entry(entries, text));
    Optional<Entry> before =
        from.isPresent()
            ? from.flatMap(text -> entry(entries, text))
            : after.flatMap(
                newer -> entries.stream().filter(e -> e.revision() < newer.revision()).findFirst());
    if (after.isEmpty() || before.isEmpty()) {
      return Reply.notFound("revision of this site to compare with");
    }
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("from", view(before.get()));
    view.put("to", view(after.get()));
    view.put("items", SiteDiff.between(before.get().site(), after.get().site()));
    return Reply.ok(view);
  }

  private Reply rollBack(String name, Edits edits, String body) {
    Optional<SiteConfig> site = find.apply(name);
    if (site.isEmpty()) {
      return Reply.notFound("site");
    }
    Input input = Input.read(body, ROLLBACK_FIELDS);
    OptionalLong to = input.whole("to");
    if (to.isEmpty() && !input.has("to")) {
      input.problem("to", "is missing");
    }
    Edit edit = edits.read(input);
    if (!input.problems().isEmpty()) {
      return Reply.invalid(input.problems());
    }
    return Resources.changed(
        sites.rollBack(site.get().id(), to.orElseThrow(), edit),
        "revision of this site",
        (now, revision) -> Reply.ok(Resources.view(now, revision)));
  }

  private static Optional<Entry> entry(List<Entry> entries, String revision) {
    return number(revision)
        .flatMap(number -> entries.stream().filter(e -> e.revision() == number).findFirst());
  }

  private static Optional<Long> number(String text) {
    return text.matches("[0-9]{1,18}") ? Optional.of(Long.parseLong(text)) : Optional.empty();
  }

  private static Map<String, Object> view(Entry entry) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("revision", entry.revision());
    view.put("kind", entry.kind().word());
    view.put("at", entry.at().toString());
    view.put("who", entry.who());
    view.put("note", entry.note());
    return view;
  }
}
