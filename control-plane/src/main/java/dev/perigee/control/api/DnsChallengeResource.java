package dev.perigee.control.api;

import dev.perigee.contract.HostName;
import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.store.DnsChallenge;
import dev.perigee.control.store.DnsChallengeStore;
import dev.perigee.control.store.Purview;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** TXT records by which certificate authorities are shown who runs a name. */
final class DnsChallengeResource {
  private static final Set<String> FIELDS = Set.of("name", "texts", "ttlSeconds");
  private static final List<String> FILTERS = List.of("name", "texts");
  private static final int USUAL_TTL = 60;

  private final DnsChallengeStore challenges;

  DnsChallengeResource(DnsChallengeStore challenges) {
    this.challenges = challenges;
  }

  List<Route> routes() {
    return List.of(
        Routes.list(
            Access.VIEWER_OF_ALL,
            "/v1/dns/challenges",
            "The names with TXT records.",
            "DnsChallengeList",
            FILTERS,
            c -> list(c.purview(), Listing.of(c, FILTERS))),
        Routes.get(
            Access.VIEWER_OF_ALL,
            "/v1/dns/challenges/{name}",
            "The TXT records of a name.",
            "DnsChallenge",
            c -> show(c.purview(), c.path("name"))),
        new Route(
            Access.EDITOR_OF_ALL,
            "PUT",
            "/v1/dns/challenges/{name}",
            "Set the TXT records of a name in place of those it has.",
            "DnsChallenge",
            "DnsChallenge",
            List.of(),
            List.of(),
            c -> put(c.purview(), c.path("name"), c.body())),
        new Route(
            Access.EDITOR_OF_ALL,
            "DELETE",
            "/v1/dns/challenges/{name}",
            "Remove the TXT records of a name.",
            "",
            "",
            List.of(),
            List.of(),
            c -> remove(c.purview(), c.path("name"))));
  }

  private Reply list(Purview purview, Listing listing) {
    return listing.page(
        challenges.all(purview),
        Listing.Order.NAME,
        DnsChallenge::name,
        DnsChallengeResource::view);
  }

  private Reply show(Purview purview, String text) {
    Optional<String> name = HostName.normalise(text);
    return challenges.all(purview).stream()
        .filter(challenge -> name.filter(challenge.name()::equals).isPresent())
        .findFirst()
        .map(challenge -> Reply.ok(view(challenge)))
        .orElseGet(() -> Reply.notFound("challenge"));
  }

  private Reply put(Purview purview, String name, String body) {
    Input input = Input.read(body, FIELDS);
    input
        .text("name")
        .filter(other -> !other.equals(name))
        .ifPresent(other -> input.problem("name", "is another than the path's: " + other));
    List<String> texts = input.texts("texts");
    int ttl = input.integer("ttlSeconds", USUAL_TTL);
    return input.problems().isEmpty()
        ? Resources.changed(
            challenges.put(purview, new DnsChallenge(name, texts, ttl)),
            "challenge",
            set -> Reply.ok(view(set)))
        : Reply.invalid(input.problems());
  }

  private Reply remove(Purview purview, String name) {
    return Resources.changed(
        challenges.remove(purview, name), "challenge", removed -> new Reply.Empty());
  }

  private static Map<String, Object> view(DnsChallenge challenge) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("name", challenge.name());
    view.put("texts", challenge.texts());
    view.put("ttlSeconds", challenge.ttlSeconds());
    return view;
  }
}
