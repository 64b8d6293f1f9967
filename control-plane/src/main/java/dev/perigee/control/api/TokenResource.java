package dev.perigee.control.api;

import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.pki.ApiTokens;
import dev.perigee.control.pki.Caller;
import dev.perigee.control.store.ApiToken;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.Terms;
import dev.perigee.control.store.TokenStore;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** The tokens by which people and programs come to the API. */
final class TokenResource {
  private static final Set<String> FIELDS =
      Set.of("name", "role", "organisation", "sites", "lifeHours");

  private static final List<String> FILTERS = List.of("organisation", "role");

  /** Ten years. */
  private static final long MOST_HOURS = 87_600;

  private final ApiTokens tokens;
  private final TokenStore store;
  private final Grant.Known known;

  TokenResource(ApiTokens tokens, TokenStore store, Grant.Known known) {
    this.tokens = tokens;
    this.store = store;
    this.known = known;
  }

  List<Route> routes() {
    return List.of(
        Routes.bare(
            Access.ANYBODY,
            "GET",
            "/v1/self",
            "What the token that is sent is good for.",
            "Self",
            c -> self(c.caller())),
        Routes.list(
            Access.OWNER,
            "/v1/tokens",
            "The tokens of the organisation, the newest first; those that are not good any more"
                + " for 30 days.",
            "TokenList",
            FILTERS,
            this::list),
        Routes.get(
            Access.OWNER,
            "/v1/tokens/{token}",
            "A token, without its secret.",
            "Token",
            c ->
                store
                    .byId(c.purview(), c.path("token"))
                    .map(found -> Reply.ok(view(found)))
                    .orElseGet(() -> Reply.notFound("token"))),
        new Route(
            Access.OWNER,
            "POST",
            "/v1/tokens",
            "Make a token. Its secret is in this answer and nowhere else.",
            "TokenOrder",
            "TokenMade",
            List.of(),
            List.of(),
            c -> add(c.purview(), c.body())),
        Routes.bare(
            Access.OWNER,
            "DELETE",
            "/v1/tokens/{token}",
            "Revoke a token, at once.",
            "",
            c ->
                Resources.changed(
                    store.revoke(c.purview(), c.path("token")), "token", t -> new Reply.Empty())));
  }

  private Reply list(Routes.Call call) {
    Listing listing = Listing.of(call, FILTERS);
    return listing.cut(
        store.page(
            call.purview(),
            new TokenStore.Sought(
                listing.filter("organisation"),
                listing.filter("role"),
                listing.after(),
                listing.oneMore())),
        ApiToken::id,
        TokenResource::view);
  }

  private static Reply self(Caller caller) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("name", caller.name());
    view.put("role", caller.role().word());
    caller.purview().organisation().ifPresent(id -> view.put("organisation", id));
    caller.purview().sites().ifPresent(ids -> view.put("sites", ids.stream().sorted().toList()));
    caller.expiresAt().ifPresent(at -> view.put("expiresAt", at.toString()));
    return Reply.ok(view);
  }

  private Reply add(Purview purview, String body) {
    Input input = Input.read(body, FIELDS);
    String name = input.required("name");
    if (input.has("name")
        && (name.isBlank()
            || name.length() > ApiToken.NAME_LENGTH
            || name.chars().anyMatch(Character::isISOControl))) {
      input.problem("name", "must be 1 to %d visible characters".formatted(ApiToken.NAME_LENGTH));
    }
    Optional<Grant> grant = Grant.read(input, purview, known);
    Optional<Duration> life = life(input);
    if (!input.problems().isEmpty() || grant.isEmpty()) {
      return Reply.invalid(input.problems());
    }
    Grant to = grant.get();
    ApiTokens.Made made =
        tokens.make(new ApiToken.Wanted(name, to.role(), to.organisation(), to.sites(), life));
    return Resources.changed(
        made.change(),
        "token",
        token -> {
          Map<String, Object> view = view(token);
          if (!Terms.isTrial()) {
            view.put("secret", made.secret());
          }
          return Reply.created(view);
        });
  }

  private static Optional<Duration> life(Input input) {
    OptionalLong hours = input.whole("lifeHours");
    if (hours.isPresent() && (hours.getAsLong() < 1 || hours.getAsLong() > MOST_HOURS)) {
      input.problem("lifeHours", "must be 1 to " + MOST_HOURS);
    }
    return hours.isPresent() ? Optional.of(Duration.ofHours(hours.getAsLong())) : Optional.empty();
  }

  private static Map<String, Object> view(ApiToken token) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", token.id());
    view.put("name", token.name());
    view.put("role", token.role().word());
    token.organisation().ifPresent(id -> view.put("organisation", id));
    token.sites().ifPresent(ids -> view.put("sites", ids.stream().sorted().toList()));
    view.put("madeAt", token.madeAt().toString());
    token.expiresAt().ifPresent(at -> view.put("expiresAt", at.toString()));
    token.revokedAt().ifPresent(at -> view.put("revokedAt", at.toString()));
    token.usedAt().ifPresent(at -> view.put("usedAt", at.toString()));
    return view;
  }
}
