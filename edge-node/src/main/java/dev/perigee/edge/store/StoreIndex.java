package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.request.CacheKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which whole responses there are, by key, site and tag, and which goes next when room is needed.
 *
 * <p>{@link #find} and {@link #covered} take no lock. Everything else is guarded by the store's
 * lock. Eviction is SIEVE: a hand walks from the oldest to the newest; who was asked for since it
 * last came by stays once more, the first who was not goes. A hit therefore only sets a flag.
 */
final class StoreIndex {
  /** Variants of one key; past it the oldest goes. */
  private static final int MAX_VARIANTS = 64;

  private final Map<CacheKey, List<StoredObject>> byKey = new ConcurrentHashMap<>();
  private final Map<String, Set<StoredObject>> bySite = new ConcurrentHashMap<>();
  private final Map<String, Set<StoredObject>> byTag = new ConcurrentHashMap<>();

  /** Those whose key holds a scheme or port: a purge by URL must find them too. */
  private final Map<String, Set<StoredObject>> withScheme = new ConcurrentHashMap<>();

  private @Nullable StoredObject oldest;
  private @Nullable StoredObject newest;
  private @Nullable StoredObject hand;
  private int size;
  private long bytes;

  int size() {
    return size;
  }

  long bytes() {
    return bytes;
  }

  /** Newest first. */
  List<StoredObject> find(CacheKey key) {
    return byKey.getOrDefault(key, List.of());
  }

  /**
   * Adds an object.
   *
   * @return those it takes the place of: the same variant, and variants past the limit
   */
  List<StoredObject> add(StoredObject object) {
    List<StoredObject> replaced = new ArrayList<>();
    List<StoredObject> variants = new ArrayList<>(List.of(object));
    for (StoredObject other : find(object.meta.key())) {
      boolean same =
          other.meta.varyNames().equals(object.meta.varyNames())
              && other.meta.varyValues().equals(object.meta.varyValues());
      (same || variants.size() >= MAX_VARIANTS ? replaced : variants).add(other);
    }
    replaced.forEach(this::remove);
    byKey.put(object.meta.key(), List.copyOf(variants));
    String site = object.meta.key().site();
    bySite.computeIfAbsent(site, s -> ConcurrentHashMap.newKeySet()).add(object);
    if (object.meta.key().scheme().isPresent() || object.meta.key().port().isPresent()) {
      withScheme.computeIfAbsent(site, s -> ConcurrentHashMap.newKeySet()).add(object);
    }
    object.meta.tags().forEach(tag -> tagged(site, tag).add(object));
    link(object);
    size++;
    bytes += object.length;
    return replaced;
  }

  /** Removes an object that may be there no more. */
  boolean remove(StoredObject object) {
    if (object.gone) {
      return false;
    }
    object.gone = true;
    CacheKey key = object.meta.key();
    List<StoredObject> rest = find(key).stream().filter(other -> other != object).toList();
    if (rest.isEmpty()) {
      byKey.remove(key);
    } else {
      byKey.put(key, rest);
    }
    drop(bySite, key.site(), object);
    drop(withScheme, key.site(), object);
    object.meta.tags().forEach(tag -> drop(byTag, key.site() + ' ' + tag, object));
    unlink(object);
    size--;
    bytes -= object.length;
    return true;
  }

  /** The object's tags change with its meta. */
  void retag(StoredObject object, Set<String> tags) {
    String site = object.meta.key().site();
    object.meta.tags().forEach(tag -> drop(byTag, site + ' ' + tag, object));
    tags.forEach(tag -> tagged(site, tag).add(object));
  }

  /**
   * Everything a purge covers that was there when it was asked for; what is added or removed
   * meanwhile may be in it or not.
   */
  List<StoredObject> covered(Purge purge) {
    if (purge.site().isEmpty()) {
      return bySite.values().stream().flatMap(Set::stream).toList();
    }
    String site = purge.site().get();
    return switch (purge.scope()) {
      case PurgeScope.Tag(String tag) ->
          List.copyOf(byTag.getOrDefault(site + ' ' + tag, Set.of()));
      case PurgeScope.Url(String host, String target) -> {
        List<StoredObject> found = new ArrayList<>(find(CacheKey.of(site, host, target)));
        found.addAll(coveredOf(withScheme, site, purge));
        yield found;
      }
      case PurgeScope.Prefix prefix -> coveredOf(bySite, site, purge);
      case PurgeScope.Host host -> coveredOf(bySite, site, purge);
      case PurgeScope.Everything everything -> coveredOf(bySite, site, purge);
    };
  }

  List<StoredObject> all() {
    return bySite.values().stream().flatMap(Set::stream).toList();
  }

  /** The next to go that nobody reads; empty when all are being read. */
  Optional<StoredObject> victim() {
    for (int steps = 0; steps < 2 * size + 1; steps++) {
      StoredObject at = hand == null ? oldest : hand;
      if (at == null) {
        return Optional.empty();
      }
      hand = at.newer;
      if (at.visited) {
        at.visited = false;
      } else if (at.pins == 0) {
        return Optional.of(at);
      }
    }
    return Optional.empty();
  }

  private static List<StoredObject> coveredOf(
      Map<String, Set<StoredObject>> map, String site, Purge purge) {
    return map.getOrDefault(site, Set.of()).stream()
        .filter(
            object -> {
              CacheKey key = object.meta.key();
              return purge.covers(site, key.host(), key.target(), object.meta.tags());
            })
        .toList();
  }

  private Set<StoredObject> tagged(String site, String tag) {
    return byTag.computeIfAbsent(site + ' ' + tag, t -> ConcurrentHashMap.newKeySet());
  }

  private static void drop(Map<String, Set<StoredObject>> map, String name, StoredObject object) {
    Set<StoredObject> set = map.get(name);
    if (set != null && set.remove(object) && set.isEmpty()) {
      map.remove(name);
    }
  }

  private void link(StoredObject object) {
    StoredObject last = newest;
    object.older = last;
    if (last == null) {
      oldest = object;
    } else {
      last.newer = object;
    }
    newest = object;
  }

  private void unlink(StoredObject object) {
    StoredObject before = object.older;
    StoredObject after = object.newer;
    if (hand == object) {
      hand = after;
    }
    if (before == null) {
      oldest = after;
    } else {
      before.newer = after;
    }
    if (after == null) {
      newest = before;
    } else {
      after.older = before;
    }
    object.older = null;
    object.newer = null;
  }
}
