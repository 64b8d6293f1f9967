package dev.perigee.control.steer;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.SiteStore.Steered;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The sites by id and by host; immutable. A change makes a new table that shares with the one
 * before all but the few pieces that hold what changed, so that one of 100 000 sites costs what one
 * of 100 costs.
 */
final class SiteTable {
  private static final int PIECES = 1024;
  private static final String ANY_LABEL = "*";

  static final SiteTable EMPTY = new SiteTable(pieces(), pieces(), Map.of(), 0);

  private final List<Map<String, Entry>> byId;
  private final List<Map<String, Entry>> byHost;
  private final Map<Audience, Integer> audiences;
  private final int size;
  private final List<SiteConfig> all;

  /**
   * A site.
   *
   * @param site of which only id, hosts, regions and steering are known
   * @param revision of its newest change
   */
  record Entry(SiteConfig site, Audience audience, long revision) {}

  private SiteTable(
      List<Map<String, Entry>> byId,
      List<Map<String, Entry>> byHost,
      Map<Audience, Integer> audiences,
      int size) {
    this.byId = byId;
    this.byHost = byHost;
    this.audiences = audiences;
    this.size = size;
    this.all = new Listed();
  }

  private static List<Map<String, Entry>> pieces() {
    List<Map<String, Entry>> pieces = new ArrayList<>();
    for (int i = 0; i < PIECES; i++) {
      pieces.add(Map.of());
    }
    return List.copyOf(pieces);
  }

  private static int piece(String key) {
    int hash = key.hashCode();
    return (hash ^ hash >>> 16) & PIECES - 1;
  }

  Optional<Entry> entry(String id) {
    return Optional.ofNullable(find(id));
  }

  /** The same without an {@code Optional}, for what asks often. */
  @Nullable Entry find(String id) {
    return byId.get(piece(id)).get(id);
  }

  /** The site for a host; exact hosts win over wildcards. */
  Optional<SiteConfig> ofHost(String host) {
    Entry exact = byHost.get(piece(host)).get(host);
    if (exact != null) {
      return Optional.of(exact.site());
    }
    int dot = host.indexOf('.');
    String wildcard = dot > 0 ? ANY_LABEL + host.substring(dot) : host;
    return Optional.ofNullable(byHost.get(piece(wildcard)).get(wildcard)).map(Entry::site);
  }

  int size() {
    return size;
  }

  /** All sites, in no order; the same list each time. */
  List<SiteConfig> sites() {
    return all;
  }

  /** The same with their revisions. */
  List<Steered> steered() {
    return byId.stream()
        .flatMap(piece -> piece.values().stream())
        .map(one -> new Steered(one.site(), one.revision()))
        .toList();
  }

  /** How many sites each audience has. */
  Map<Audience, Integer> audiences() {
    return audiences;
  }

  /** The table with some sites new, changed or gone. */
  SiteTable with(Collection<Entry> changed, Collection<String> removed) {
    Edit edit = new Edit();
    removed.forEach(edit::remove);
    changed.forEach(entry -> edit.remove(entry.site().id()));
    changed.forEach(edit::put);
    return edit.table();
  }

  /** One change; copies a piece when it is first touched. */
  private final class Edit {
    private final Pieces ids = new Pieces(byId);
    private final Pieces hosts = new Pieces(byHost);
    private final Map<Audience, Integer> counts = new HashMap<>(audiences);
    private final Map<Audience, Audience> known = new HashMap<>();
    private int count = size;

    Edit() {
      audiences.keySet().forEach(audience -> known.put(audience, audience));
    }

    void remove(String id) {
      Entry gone = ids.of(id).remove(id);
      if (gone != null) {
        count--;
        counts.computeIfPresent(gone.audience(), (any, n) -> n == 1 ? null : n - 1);
        for (String host : gone.site().hosts()) {
          // It may be another site's by now.
          hosts.of(host).remove(host, gone);
        }
      }
    }

    void put(Entry entry) {
      Audience same = known.computeIfAbsent(entry.audience(), any -> any);
      Entry kept = new Entry(entry.site(), same, entry.revision());
      ids.of(entry.site().id()).put(entry.site().id(), kept);
      entry.site().hosts().forEach(host -> hosts.of(host).put(host, kept));
      counts.merge(same, 1, Integer::sum);
      count++;
    }

    SiteTable table() {
      return new SiteTable(ids.done(), hosts.done(), Map.copyOf(counts), count);
    }
  }

  private static final class Pieces {
    private final List<Map<String, Entry>> all;
    private final Set<Integer> touched = new TreeSet<>();

    Pieces(List<Map<String, Entry>> before) {
      all = new ArrayList<>(before);
    }

    Map<String, Entry> of(String key) {
      int piece = piece(key);
      if (touched.add(piece)) {
        all.set(piece, new HashMap<>(all.get(piece)));
      }
      return all.get(piece);
    }

    List<Map<String, Entry>> done() {
      return List.copyOf(all);
    }
  }

  /** The sites as a list that takes no memory until somebody wants it. */
  private final class Listed extends AbstractList<SiteConfig> {
    private volatile @Nullable List<SiteConfig> made;

    private List<SiteConfig> list() {
      List<SiteConfig> known = made;
      if (known == null) {
        known = byId.stream().flatMap(piece -> piece.values().stream()).map(Entry::site).toList();
        made = known;
      }
      return known;
    }

    @Override
    public SiteConfig get(int index) {
      return list().get(index);
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other || super.equals(other);
    }

    @Override
    public int hashCode() {
      return super.hashCode();
    }
  }
}
