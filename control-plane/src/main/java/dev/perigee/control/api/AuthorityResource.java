package dev.perigee.control.api;

import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.pki.AuthorityRotation;
import dev.perigee.control.pki.AuthorityRotation.State;
import dev.perigee.control.pki.EdgeAuthority.Issuer;
import dev.perigee.control.store.Change;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** The edge CA, and the steps by which another one takes its place. */
final class AuthorityResource {
  private static final Set<String> FIELDS = Set.of("force");
  private static final String CA = "/v1/ca";

  private final AuthorityRotation rotation;

  AuthorityResource(AuthorityRotation rotation) {
    this.rotation = rotation;
  }

  List<Route> routes() {
    return List.of(
        Routes.bare(
            Access.OPERATOR,
            "GET",
            CA,
            "The edge CA, how far a rotation is, and whom its next step waits for.",
            "Ca",
            c -> Reply.ok(view(rotation.state()))),
        Routes.bare(
            Access.OPERATOR,
            "POST",
            CA + "/begin",
            "Make a new CA, which control planes and nodes are told to trust beside this one.",
            "Ca",
            c -> changed(rotation.begin())),
        step(
            CA + "/switch",
            "Sign with the new CA; nodes renew by themselves. Refused while anybody does not trust"
                + " it; by force nodes are left behind, to be enrolled anew.",
            rotation::switchOver),
        step(
            CA + "/finish",
            "Trust the CA before no longer. Refused while anybody shows a certificate of it; by"
                + " force nodes are left behind, to be enrolled anew.",
            rotation::finish),
        Routes.bare(
            Access.OPERATOR,
            "POST",
            CA + "/cancel",
            "Take back a new CA that does not sign yet.",
            "Ca",
            c -> changed(rotation.cancel())));
  }

  private static Route step(
      String template, String summary, Function<Boolean, Change<State>> step) {
    return new Route(
        Access.OPERATOR,
        "POST",
        template,
        summary,
        "CaStep",
        "Ca",
        List.of(),
        List.of(),
        c -> {
          String body = c.body();
          Input input = Input.read(body.isEmpty() ? "{}" : body, FIELDS);
          boolean force = input.flag("force");
          return input.problems().isEmpty()
              ? changed(step.apply(force))
              : Reply.invalid(input.problems());
        });
  }

  private static Reply changed(Change<State> change) {
    return Resources.changed(change, "ca", state -> Reply.ok(view(state)));
  }

  private static Map<String, Object> view(State state) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("stage", state.stage().name().toLowerCase(Locale.ROOT));
    view.put("signing", view(state.signing()));
    put(view, "next", state.next());
    put(view, "before", state.before());
    view.put("waitingFor", state.waitingFor());
    return view;
  }

  private static void put(Map<String, Object> view, String name, Optional<Issuer> issuer) {
    issuer.ifPresent(one -> view.put(name, view(one)));
  }

  private static Map<String, Object> view(Issuer issuer) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("fingerprint", issuer.fingerprint());
    view.put("notAfter", issuer.certificate().getNotAfter().toInstant().toString());
    return view;
  }
}
