package dev.perigee.control.api;

import dev.perigee.control.store.Edit;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.store.SiteHistory.Entry;
import dev.perigee.control.store.SiteStore;
import dev.perigee.control.store.VisibleSites;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** What sites were before: shown, compared, put in force again. */
final class SiteHistoryResource {
  private static final Set<String> ROLLBACK_FIELDS = Set.of("to", "revision");

  private static final List<String> FILTERS = List.of("kind", "who");

  private final SiteStore sites;
  private final SiteHistory history;
  private final VisibleSites visible;

  SiteHistoryResource(SiteStore sites, SiteHistory history, VisibleSites visible) {
    this.sites = sites;
    this.history = history;
    this.visible = visible;
  }

  List<Routes.Route> routes() {
    String site = "/v1/sites/{site}";
    return List.of(
        Routes.list(
            Access.VIEWER,
            site + "/history",
            "The revisions of a site that are kept, newest first; by id those of a removed one"
                + " too.",
            "SiteHistory",
            FILTERS,
            call -> list(call.purview(), call.path("site"), Listing.of(call, FILTERS))),
        new Routes.Route(
            Access.VIEWER,
            "GET",
            site + "/history/{revision}",
            "A site as a revision left it.",
            "",
            "SiteRevision",
            List.of(),
            List.of(),
            call -> show(call.purview(), call.path("site"), call.path("revision"))),
        new Routes.Route(
            Access.VIEWER,
            "GET",
            site + "/diff",
            "What changed between two revisions, by field; the last change where none are given.",
            "",
            "SiteDiff",
            List.of("from", "to"),
            List.of(),
            call -> diff(call.purview(), call.path("site"), call.query("from"), call.query("to"))),
        new Routes.Route(
            Access.EDITOR,
            "POST",
            site + "/rollback",
            "Put an earlier revision's settings in force, as a new change.",
            "SiteRollback",
            "Site",
            List.of(Edits.NOTE),
            List.of(Edits.USER),
            call -> rollBack(call.purview(), call.path("site"), Edits.of(call), call.body())));
  }

  /** The id of a site that exists, or of one that did; empty where there is none within purview. */
  private String id(Purview purview, String name) {
    return visible.known(purview, name).orElse("");
  }

  private Reply list(Purview purview, String name, Listing listing) {
    String id = id(purview, name);
    List<Entry> entries = history.of(id);
    return id.isEmpty()
        ? Reply.notFound("site")
        : listing.page(
            entries,
            Listing.Order.NEWEST,
            entry -> Long.toString(entry.revision()),
            SiteHistoryResource::view);
  }

  private Reply show(Purview purview, String name, String revision) {
    return number(revision)
        .flatMap(number -> history.at(id(purview, name), number))
        .map(
            entry -> {
              Map<String, Object> view = view(entry);
              view.put("site", Resources.view(entry.site()));
              return Reply.ok(view);
            })
        .orElseGet(() -> Reply.notFound("revision of this site"));
  }

  private Reply diff(Purview purview, String name, Optional<String> from, Optional<String> to) {
    List<Entry> entries = history.of(id(purview, name));
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

  private Reply rollBack(Purview purview, String name, Edits edits, String body) {
    Optional<VisibleSites.Held> site = visible.find(purview, name);
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
        (now, revision) ->
            Reply.ok(
                Resources.view(new VisibleSites.Held(now, site.get().organisation(), revision))));
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
