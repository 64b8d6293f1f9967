package dev.perigee.control.store;

import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What somebody may know of: everything, what belongs to one organisation, or some sites of it. It
 * stands in the WHERE of every look-up on somebody's behalf, so that what is out of view is what
 * does not exist: by the same statement, at the same cost.
 *
 * @param organisation empty: all of them
 * @param sites ids; empty: all of the organisation's
 */
public record Purview(Optional<String> organisation, Optional<Set<String>> sites) {
  /** Everything. */
  public static final Purview ALL = new Purview(Optional.empty(), Optional.empty());

  /** To be bound: {@link #organisations}, then {@link #siteIds}; of a table that is called s. */
  static final String OF_SITES =
      " AND s.organisation = ANY (coalesce(?::text[], ARRAY[s.organisation]))"
          + " AND s.id = ANY (coalesce(?::text[], ARRAY[s.id]))";

  /** To be bound: {@link #organisations}; of a table with a column of this name. */
  static final String OF_ORGANISATION =
      " AND organisation = ANY (coalesce(?::text[], ARRAY[organisation]))";

  /** Copies the collection. */
  public Purview {
    sites = sites.map(Set::copyOf);
  }

  /** All of one organisation. */
  public static Purview of(String organisation) {
    return new Purview(Optional.of(organisation), Optional.empty());
  }

  public boolean isAll() {
    return organisation.isEmpty();
  }

  /** Whether it is all of an organisation, or everything. */
  public boolean isWhole() {
    return sites.isEmpty();
  }

  String @Nullable [] organisations() {
    return organisation.map(id -> new String[] {id}).orElse(null);
  }

  String @Nullable [] siteIds() {
    return sites.map(ids -> ids.toArray(String[]::new)).orElse(null);
  }
}
