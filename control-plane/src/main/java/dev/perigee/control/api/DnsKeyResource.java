package dev.perigee.control.api;

import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.store.DnsKey;
import dev.perigee.control.store.DnsKeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The keys that sign the zone, and the steps by which one takes the place of another. */
final class DnsKeyResource {
  private static final Set<String> FIELDS = Set.of("ttlSeconds");
  private static final List<String> FILTERS = List.of("state");
  private static final String KEYS = "/v1/dns/keys";
  private static final int USUAL_TTL = 86_400;
  private static final int MOST_TTL = 7 * 86_400;

  /** None is this. */
  private static final int NO_TAG = -1;

  private final DnsKeyStore keys;

  DnsKeyResource(DnsKeyStore keys) {
    this.keys = keys;
  }

  List<Route> routes() {
    return List.of(
        Routes.list(
            Access.OPERATOR,
            KEYS,
            "The keys that sign the zone, by tag; with none it is not signed.",
            "DnsKeyList",
            FILTERS,
            c -> list(Listing.of(c, FILTERS))),
        bare("GET", KEYS + "/{key}", "A key.", "DnsKey", c -> show(c.path("key"))),
        bare(
            "POST",
            KEYS,
            "Make a key. The first signs the zone at once, a second one is published for a roll.",
            "DnsKey",
            c -> Resources.changed(keys.add(), "key", key -> Reply.created(view(key)))),
        bare(
            "POST",
            KEYS + "/roll",
            "Sign with the published key in place of the one that does. Refused while resolvers"
                + " may not know it.",
            "DnsKey",
            c -> Resources.changed(keys.roll(), "key", key -> Reply.ok(view(key)))),
        new Route(
            Access.OPERATOR,
            "POST",
            KEYS + "/{key}/ds-gone",
            "Say that the parent has no DS of a key any more, and how long that one was kept.",
            "DnsKeyGone",
            "DnsKey",
            List.of(),
            List.of(),
            c -> dsGone(c.path("key"), c.body())),
        bare(
            "DELETE",
            KEYS + "/{key}",
            "Take a key out of the zone. Refused while resolvers may need it.",
            "",
            c ->
                Resources.changed(
                    keys.retire(tag(c.path("key"))), "key", removed -> new Reply.Empty())));
  }

  private static Route bare(
      String method, String template, String summary, String response, Routes.Action action) {
    return Routes.bare(Access.OPERATOR, method, template, summary, response, action);
  }

  private Reply list(Listing listing) {
    List<DnsKey> all = keys.all();
    return listing
        .page(all, Listing.Order.NEWEST, key -> Integer.toString(key.tag()), key -> view(key, all))
        .with("zone", keys.zone());
  }

  private Reply show(String key) {
    List<DnsKey> all = keys.all();
    int tag = tag(key);
    return all.stream()
        .filter(one -> one.tag() == tag)
        .findFirst()
        .map(one -> Reply.ok(view(one, all)))
        .orElseGet(() -> Reply.notFound("key"));
  }

  private Reply dsGone(String key, String body) {
    Input input = Input.read(body, FIELDS);
    int ttl = input.integer("ttlSeconds", USUAL_TTL);
    if (ttl < 0 || ttl > MOST_TTL) {
      input.problem("ttlSeconds", "must be 0 to " + MOST_TTL);
    }
    return input.problems().isEmpty()
        ? Resources.changed(
            keys.dsGone(tag(key), Duration.ofSeconds(ttl)), "key", set -> Reply.ok(view(set)))
        : Reply.invalid(input.problems());
  }

  private static int tag(String text) {
    return text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : NO_TAG;
  }

  private Map<String, Object> view(DnsKey key) {
    return view(key, keys.all());
  }

  private Map<String, Object> view(DnsKey key, List<DnsKey> all) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("tag", key.tag());
    view.put("state", key.state().name().toLowerCase(Locale.ROOT));
    view.put("publishedAt", key.publishedAt().toString());
    key.signingAt().ifPresent(at -> view.put("signingAt", at.toString()));
    key.retiringAt().ifPresent(at -> view.put("retiringAt", at.toString()));
    key.dsGone().ifPresent(gone -> view.put("dsGoneAt", gone.since().toString()));
    view.put("ds", key.delegation(keys.zone()));
    view.put("dsFrom", keys.policy().known(key).toString());
    view.put(
        "dnskey",
        "257 3 %d %s"
            .formatted(
                DnsKey.ALGORITHM, Base64.getEncoder().encodeToString(key.publicKey().toArray())));
    view.put("next", keys.next(key, all));
    return view;
  }
}
