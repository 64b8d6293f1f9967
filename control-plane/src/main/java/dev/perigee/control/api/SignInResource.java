package dev.perigee.control.api;

import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.SignIn;
import dev.perigee.control.store.SignInStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Who may sign in at the console by way of the OpenID provider: the operators' say. */
final class SignInResource {
  private static final Set<String> FIELDS =
      Set.of("claim", "value", "role", "organisation", "sites");

  private final SignInStore signIns;
  private final Grant.Known known;

  SignInResource(SignInStore signIns, Grant.Known known) {
    this.signIns = signIns;
    this.known = known;
  }

  List<Route> routes() {
    String all = "/v1/sign-ins";
    return List.of(
        Routes.list(
            Access.OPERATOR,
            all,
            "Who may sign in by way of the OpenID provider, the newest first.",
            "SignInList",
            List.of(),
            this::list),
        Routes.get(
            Access.OPERATOR,
            all + "/{signin}",
            "One of them.",
            "SignIn",
            c ->
                signIns
                    .byId(c.path("signin"))
                    .map(found -> Reply.ok(view(found)))
                    .orElseGet(() -> Reply.notFound("sign-in"))),
        new Route(
            Access.OPERATOR,
            "POST",
            all,
            "Let whomever the provider names so sign in, with that role.",
            "SignInOrder",
            "SignIn",
            List.of(),
            List.of(),
            c -> add(c.body())),
        Routes.bare(
            Access.OPERATOR,
            "DELETE",
            all + "/{signin}",
            "Let them sign in no more; the tokens that they got are revoked at once.",
            "",
            c ->
                Resources.changed(
                    signIns.remove(c.path("signin")), "sign-in", gone -> new Reply.Empty())));
  }

  private Reply list(Routes.Call call) {
    Listing listing = Listing.of(call, List.of());
    return listing.cut(
        signIns.page(listing.after(), listing.oneMore()), SignIn::id, SignInResource::view);
  }

  private Reply add(String body) {
    Input input = Input.read(body, FIELDS);
    String word = input.required("claim");
    Optional<SignIn.Claim> claim = SignIn.Claim.of(word);
    if (claim.isEmpty() && !word.isEmpty()) {
      input.problem("claim", "must be one of sub, email, group");
    }
    String value = value(input, claim);
    Optional<Grant> grant = Grant.read(input, Purview.ALL, known);
    if (!input.problems().isEmpty() || claim.isEmpty() || grant.isEmpty()) {
      return Reply.invalid(input.problems());
    }
    Grant to = grant.get();
    return Resources.changed(
        signIns.add(
            new SignIn.Wanted(claim.get(), value, to.role(), to.organisation(), to.sites())),
        "sign-in",
        added -> Reply.created(view(added)));
  }

  private static String value(Input input, Optional<SignIn.Claim> claim) {
    String value = input.required("value");
    if (input.has("value")
        && (value.isBlank()
            || value.length() > SignIn.VALUE_LENGTH
            || value.chars().anyMatch(Character::isISOControl))) {
      input.problem("value", "must be 1 to %d visible characters".formatted(SignIn.VALUE_LENGTH));
    }
    if (claim.equals(Optional.of(SignIn.Claim.EMAIL))) {
      if (value.indexOf('@') <= 0) {
        input.problem("value", "must be an e-mail address");
      }
      return value.toLowerCase(java.util.Locale.ROOT);
    }
    return value;
  }

  private static Map<String, Object> view(SignIn one) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", one.id());
    view.put("claim", one.claim().word());
    view.put("value", one.value());
    view.put("role", one.role().word());
    one.organisation().ifPresent(id -> view.put("organisation", id));
    one.sites().ifPresent(ids -> view.put("sites", ids.stream().sorted().toList()));
    view.put("madeAt", one.madeAt().toString());
    return view;
  }
}
