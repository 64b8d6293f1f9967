package dev.perigee.control.api;

import dev.perigee.contract.HostName;
import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.claim.HostProver;
import dev.perigee.control.store.HostClaim;
import dev.perigee.control.store.HostClaims;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.Terms;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Which hosts an organisation's sites may have: those of which it proved control. */
final class HostResource {
  private static final Set<String> FIELDS = Set.of("host", "organisation");
  private static final List<String> FILTERS = List.of("organisation", "proved");
  private static final String HOSTS = "/v1/hosts";
  private static final long BUSY_SECONDS = 5;

  private final HostClaims claims;
  private final HostProver prover;
  private final Supplier<String> secrets;

  /**
   * A resource.
   *
   * @param secrets makes tokens
   */
  HostResource(HostClaims claims, HostProver prover, Supplier<String> secrets) {
    this.claims = claims;
    this.prover = prover;
    this.secrets = secrets;
  }

  List<Route> routes() {
    return List.of(
        Routes.list(
            Access.VIEWER_OF_ALL,
            HOSTS,
            "The hosts that are proved, and those whose proof is asked for, by host.",
            "HostList",
            FILTERS,
            this::list),
        Routes.get(
            Access.VIEWER_OF_ALL,
            HOSTS + "/{host}",
            "A host that is proved, or whose proof is asked for.",
            "Host",
            c ->
                claims
                    .find(c.purview(), c.path("host"))
                    .map(found -> Reply.ok(view(found)))
                    .orElseGet(() -> Reply.notFound("host"))),
        ordered(
            Access.EDITOR_OF_ALL,
            HOSTS,
            "Ask for the proof of a host. The answer says which TXT record or file shows it.",
            c -> ask(c.purview(), c.body())),
        Routes.bare(
            Access.EDITOR_OF_ALL,
            "POST",
            HOSTS + "/{host}/check",
            "Look for the proof now.",
            "Host",
            c -> check(c.purview(), c.path("host"))),
        ordered(
            Access.OPERATOR,
            HOSTS + "/vouch",
            "Give a host to an organisation without proof.",
            c -> vouch(c.purview(), c.body())),
        Routes.bare(
            Access.EDITOR_OF_ALL,
            "DELETE",
            HOSTS + "/{host}",
            "Give a host up that no site uses, or a proof that was asked for.",
            "",
            c ->
                Resources.changed(
                    claims.release(c.purview(), c.path("host")),
                    "host",
                    claim -> new Reply.Empty())));
  }

  private Reply list(Routes.Call call) {
    Listing listing = Listing.of(call, FILTERS);
    // No host and no organisation has a space in its name.
    Optional<HostClaims.Place> after =
        listing
            .after()
            .map(text -> text.split(" ", 2))
            .map(parts -> new HostClaims.Place(parts[0], parts.length > 1 ? parts[1] : ""));
    return listing.cut(
        claims.page(
            call.purview(),
            new HostClaims.Sought(
                listing.filter("organisation"), listing.flag("proved"), after, listing.oneMore())),
        claim -> claim.host() + " " + claim.organisation(),
        HostResource::view);
  }

  private static Route ordered(
      Access access, String template, String summary, Routes.Action action) {
    return new Route(
        access, "POST", template, summary, "HostOrder", "Host", List.of(), List.of(), action);
  }

  private Reply ask(Purview purview, String body) {
    Input input = Input.read(body, FIELDS);
    String host = input.required("host");
    String organisation = Resources.organisation(input, purview);
    return input.problems().isEmpty()
        ? Resources.changed(
            claims.ask(organisation, host, secrets.get()),
            "host",
            claim -> Reply.created(asked(claim)))
        : Reply.invalid(input.problems());
  }

  /** What is to be shown is made by asking, so what was only tried does not say it. */
  private static Map<String, Object> asked(HostClaim claim) {
    Map<String, Object> view = view(claim);
    if (Terms.isTrial()) {
      view.keySet().removeAll(List.of("token", "url", "content"));
    }
    return view;
  }

  private Reply vouch(Purview purview, String body) {
    Input input = Input.read(body, FIELDS);
    String host = input.required("host");
    String organisation = Resources.organisation(input, purview);
    return input.problems().isEmpty()
        ? Resources.changed(
            claims.prove(organisation, host, HostClaim.Proof.VOUCHED),
            "host",
            claim -> Reply.ok(view(claim)))
        : Reply.invalid(input.problems());
  }

  private Reply check(Purview purview, String name) {
    String host = HostName.normalisePattern(name).orElse("");
    Optional<HostClaim> asked = claims.asked(purview, host);
    if (asked.isEmpty()) {
      return Reply.notFound("host whose proof is asked for");
    }
    String organisation = asked.get().organisation();
    return switch (prover.look(organisation, host, asked.get().token().orElse(""))) {
      case HostProver.Found.Proved(HostClaim.Proof proof) ->
          Resources.changed(
              claims.prove(organisation, host, proof), "host", claim -> Reply.ok(view(claim)));
      case HostProver.Found.Missing(String sentence) ->
          new Reply.Refused(409, "Conflict", "Not proved yet: " + sentence + ".", List.of());
      case HostProver.Found.Busy() ->
          new Reply.Later("Too many hosts are looked at just now.", BUSY_SECONDS);
    };
  }

  private static Map<String, Object> view(HostClaim claim) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("host", claim.host());
    view.put("organisation", claim.organisation());
    view.put("proved", claim.isProved());
    claim.proof().ifPresent(proof -> view.put("proof", proof.word()));
    view.put("at", claim.at().toString());
    claim
        .token()
        .ifPresent(
            token -> {
              view.put("txtName", HostProver.recordName(claim.host()));
              view.put("token", token);
              HostProver.url(claim.host(), token)
                  .ifPresent(
                      url -> {
                        view.put("url", url);
                        view.put("content", HostProver.content(claim.organisation(), token));
                      });
            });
    return view;
  }
}
