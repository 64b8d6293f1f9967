package dev.perigee.control.api;

import dev.perigee.control.store.ApiToken;
import dev.perigee.control.store.OrganisationStore;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.Role;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What somebody is to be let do, as a body says it.
 *
 * @param organisation empty for operators
 * @param sites ids, for which alone it holds; empty: all of the organisation
 */
record Grant(Role role, Optional<String> organisation, Optional<Set<String>> sites) {
  /** The fields of it. */
  static final Set<String> FIELDS = Set.of("role", "organisation", "sites");

  Grant {
    sites = sites.map(Set::copyOf);
  }

  /** Where they are looked up. */
  record Known(OrganisationStore organisations, SiteFinder find) {}

  /** What a body grants; empty where it has problems. */
  static Optional<Grant> read(Input input, Purview purview, Known known) {
    String word = input.required("role");
    Optional<Role> role = Role.of(word).filter(r -> r != Role.OPERATOR || purview.isAll());
    if (role.isEmpty() && !word.isEmpty()) {
      String operator = purview.isAll() ? "operator, " : "";
      input.problem("role", "must be one of " + operator + "owner, editor, viewer, purge-only");
    }
    boolean operators = role.equals(Optional.of(Role.OPERATOR));
    Optional<String> organisation = organisation(input, purview, operators, known);
    Optional<Set<String>> sites = sites(input, organisation, role, known.find());
    return input.problems().isEmpty()
        ? role.map(one -> new Grant(one, organisation, sites))
        : Optional.empty();
  }

  private static Optional<String> organisation(
      Input input, Purview purview, boolean operators, Known known) {
    Optional<String> named = input.text("organisation");
    if (operators) {
      named.ifPresent(id -> input.problem("organisation", "is none where the role is operator"));
      return Optional.empty();
    }
    String organisation = Resources.organisation(input, purview);
    if (purview.isAll() && known.organisations().byId(organisation).isEmpty()) {
      input.problem("organisation", "is not known: see perigee org list");
    }
    return Optional.of(organisation);
  }

  /** Those of the organisation are known. */
  private static Optional<Set<String>> sites(
      Input input, Optional<String> organisation, Optional<Role> role, SiteFinder find) {
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
}
