package dev.perigee.control.api;

import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.store.AuditLog;
import dev.perigee.control.store.Purview;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Who changed what, and who was refused. */
final class AuditResource {
  private static final List<String> FILTERS = List.of("organisation", "who", "result");
  private static final int USUAL = 50;
  private static final int MOST = 200;

  private final AuditLog log;

  AuditResource(AuditLog log) {
    this.log = log;
  }

  List<Route> routes() {
    return List.of(
        Routes.list(
            Access.OWNER,
            "/v1/audit",
            "Changes and refused attempts, the newest first; those of somebody, done or refused.",
            "AuditList",
            FILTERS,
            this::list));
  }

  private Reply list(Routes.Call call) {
    Listing listing = Listing.of(call, FILTERS, USUAL, MOST);
    Optional<String> own = call.purview().organisation();
    Optional<String> wanted = listing.filter("organisation");
    if (own.isPresent() && wanted.isPresent() && !own.equals(wanted)) {
      return new Reply.Page(List.of(), Optional.empty(), Map.of());
    }
    Purview purview = new Purview(wanted.or(() -> own), Optional.empty());
    Optional<Boolean> done =
        listing
            .filter("result")
            .map(
                result ->
                    switch (result) {
                      case "done" -> true;
                      case "refused" -> false;
                      default -> throw new Listing.Unsound("result", "must be done or refused");
                    });
    long before = listing.afterNumber().orElse(Long.MAX_VALUE);
    return listing.cut(
        log.page(
            purview, new AuditLog.Sought(listing.filter("who"), done, before, listing.oneMore())),
        entry -> Long.toString(entry.id()),
        AuditResource::view);
  }

  private static Map<String, Object> view(AuditLog.Entry entry) {
    AuditLog.Caller caller = entry.caller();
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", entry.id());
    view.put("at", entry.at().toString());
    view.put("who", caller.who());
    caller.token().ifPresent(id -> view.put("token", id));
    caller.role().ifPresent(role -> view.put("role", role.word()));
    caller.organisation().ifPresent(id -> view.put("organisation", id));
    view.put("operation", caller.operation());
    view.put("target", caller.target());
    view.put("result", entry.isDone() ? "done" : "refused");
    view.put("status", entry.status());
    view.put("address", caller.address());
    view.put("times", entry.times());
    return view;
  }
}
