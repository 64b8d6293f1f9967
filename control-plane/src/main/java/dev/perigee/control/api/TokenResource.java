package dev.perigee.control.api;

import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.pki.ApiTokens;
import dev.perigee.control.pki.Caller;
import dev.perigee.control.store.ApiToken;
import dev.perigee.control.store.OrganisationStore;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.Role;
import dev.perigee.control.store.Terms;
import dev.perigee.control.store.TokenStore;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
  private final OrganisationStore organisations;
  private final SiteFinder find;

  TokenResource(
      ApiTokens tokens, TokenStore store, OrganisationStore organisations, SiteFinder find) {
    this.tokens = tokens;
    this.store = store;
    this.organisations = organisations;
    this.find = find;
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
    String word = input.required("role");
    Optional<Role> role = Role.of(word).filter(r -> r != Role.OPERATOR || purview.isAll());
    if (role.isEmpty() && !word.isEmpty()) {
      String operator = purview.isAll() ? "operator, " : "";
      input.problem("role", "must be one of " + operator + "owner, editor, viewer, purge-only");
    }
    boolean operators = role.equals(Optional.of(Role.OPERATOR));
    Optional<String> organisation = organisation(input, purview, operators);
    Optional<Set<String>> sites = sites(input, organisation, role);
    Optional<Duration> life = life(input);
    if (!input.problems().isEmpty() || role.isEmpty()) {
      return Reply.invalid(input.problems());
    }
    ApiTokens.Made made =
        tokens.make(new ApiToken.Wanted(name, role.get(), organisation, sites, life));
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

  private Optional<String> organisation(Input input, Purview purview, boolean operators) {
    Optional<String> named = input.text("organisation");
    if (operators) {
      named.ifPresent(id -> input.problem("organisation", "is none where the role is operator"));
      return Optional.empty();
    }
    String organisation = Resources.organisation(input, purview);
    if (purview.isAll() && organisations.byId(organisation).isEmpty()) {
      input.problem("organisation", "is not known: see perigee org list");
    }
    return Optional.of(organisation);
  }

  /** Ids of the sites for which alone it is to be; those of the organisation are known. */
  private Optional<Set<String>> sites(
      Input input, Optional<String> organisation, Optional<Role> role) {
    List<String> named = input.texts("sites");
    if (named.isEmpty()) {
      if (input.has("sites")) {
        input.problem("sites", "must name one at least, or be left out for all");
      }
      return Optional.empty();
    }
    if (role.isPresent() && !role.get().mayBeScoped()) {
      input.problem("sites", "are for the roles editor, viewer and purge-only alone");
    }
    if (named.size() > ApiToken.MOST_SITES) {
      input.problem("sites", "must be at most " + ApiToken.MOST_SITES);
      return Optional.empty();
    }
    Set<String> ids = new LinkedHashSet<>();
    Purview within = new Purview(organisation, Optional.empty());
    for (int i = 0; i < named.size() && organisation.isPresent(); i++) {
      var site = find.find(within, named.get(i));
      if (site.isEmpty()) {
        input.problem("sites[" + i + "]", "is not known: " + named.get(i));
      }
      site.ifPresent(found -> ids.add(found.id()));
    }
    return Optional.of(ids);
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
