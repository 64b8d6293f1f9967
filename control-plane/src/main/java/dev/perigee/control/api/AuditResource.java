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
  private static final int USUAL = 50;
  private static final int MOST = 200;

  private final AuditLog log;

  AuditResource(AuditLog log) {
    this.log = log;
  }

  List<Route> routes() {
    return List.of(
        new Route(
            Access.OWNER,
            "GET",
            "/v1/audit",
            "Changes and refused attempts, the newest first; with next as before the ones before.",
            "",
            "AuditList",
            List.of("before", "limit", "organisation"),
            List.of(),
            this::list));
  }

  private Reply list(Routes.Call call) {
    Optional<String> own = call.purview().organisation();
    Optional<String> wanted = call.query("organisation");
    if (own.isPresent() && wanted.isPresent() && !own.equals(wanted)) {
      return Reply.items(List.of());
    }
    String limit = call.query("limit").orElse(String.valueOf(USUAL));
    if (!limit.matches("[0-9]{1,3}") || !isWithin(Integer.parseInt(limit))) {
      return Reply.invalid("limit", "must be 1 to " + MOST);
    }
    String before = call.query("before").orElse(String.valueOf(Long.MAX_VALUE));
    if (!before.matches("[0-9]{1,18}") && call.query("before").isPresent()) {
      return Reply.invalid("before", "must be a row's id, as next of the answer before");
    }
    int most = Integer.parseInt(limit);
    Purview purview = new Purview(wanted.or(() -> own), Optional.empty());
    List<AuditLog.Entry> entries = log.before(purview, Long.parseLong(before), most);
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("items", entries.stream().map(AuditResource::view).toList());
    if (entries.size() == most) {
      view.put("next", entries.getLast().id());
    }
    return Reply.ok(view);
  }

  private static boolean isWithin(int limit) {
    return limit >= 1 && limit <= MOST;
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
