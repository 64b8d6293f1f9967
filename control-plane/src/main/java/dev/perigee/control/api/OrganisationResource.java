package dev.perigee.control.api;

import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.store.Organisation;
import dev.perigee.control.store.OrganisationStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Who sites belong to: the operators' view of them. */
final class OrganisationResource {
  private static final Set<String> FIELDS = Set.of("id", "name");

  private final OrganisationStore organisations;

  OrganisationResource(OrganisationStore organisations) {
    this.organisations = organisations;
  }

  List<Route> routes() {
    String all = "/v1/organisations";
    return List.of(
        Routes.list(
            Access.OPERATOR,
            all,
            "The organisations, by id.",
            "OrganisationList",
            List.of(),
            c -> list(Listing.of(c, List.of()))),
        Routes.get(
            Access.OPERATOR,
            all + "/{organisation}",
            "An organisation.",
            "Organisation",
            c ->
                organisations
                    .byId(c.path("organisation"))
                    .map(found -> Reply.ok(view(found)))
                    .orElseGet(() -> Reply.notFound("organisation"))),
        new Route(
            Access.OPERATOR,
            "POST",
            all,
            "Add an organisation. Its id is never used again, and begins the ids of its sites.",
            "OrganisationOrder",
            "Organisation",
            List.of(),
            List.of(),
            c -> add(c.body())),
        Routes.bare(
            Access.OPERATOR,
            "DELETE",
            all + "/{organisation}",
            "Remove an organisation without sites and certificates; its tokens are revoked.",
            "",
            c ->
                Resources.changed(
                    organisations.remove(c.path("organisation")),
                    "organisation",
                    removed -> new Reply.Empty())));
  }

  private Reply list(Listing listing) {
    return listing.cut(
        organisations.page(listing.after(), listing.oneMore()),
        Organisation::id,
        OrganisationResource::view);
  }

  private Reply add(String body) {
    Input input = Input.read(body, FIELDS);
    String id = input.required("id");
    String name = input.text("name").orElse(id);
    return input.problems().isEmpty()
        ? Resources.changed(
            organisations.add(id, name), "organisation", added -> Reply.created(view(added)))
        : Reply.invalid(input.problems());
  }

  private static Map<String, Object> view(Organisation organisation) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", organisation.id());
    view.put("name", organisation.name());
    view.put("madeAt", organisation.madeAt().toString());
    view.put("sites", organisation.sites());
    return view;
  }
}
