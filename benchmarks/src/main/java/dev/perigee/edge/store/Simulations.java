package dev.perigee.edge.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;

/** Caches that hold names and sizes only, each with another idea of who has to go. */
@NullMarked
final class Simulations {
  private static final int UNIT = 4096;

  private Simulations() {}

  /** Asked for one object after the other. */
  interface Simulation {
    /**
     * Asks for an object and stores it where it is not there.
     *
     * @param bytes that it takes, in whole blocks
     */
    boolean ask(int object, long bytes);
  }

  /** Least recently used. */
  static Simulation lru(long capacity) {
    return new Simulation() {
      private final LinkedHashMap<Integer, Long> order = new LinkedHashMap<>(16, 0.75f, true);
      private long used;

      @Override
      public boolean ask(int object, long bytes) {
        if (order.get(object) != null) {
          return true;
        }
        if (bytes <= capacity) {
          order.put(object, bytes);
          used += bytes;
          Iterator<Map.Entry<Integer, Long>> oldest = order.entrySet().iterator();
          while (used > capacity) {
            used -= oldest.next().getValue();
            oldest.remove();
          }
        }
        return false;
      }
    };
  }

  /** Caffeine's W-TinyLFU, by weight. */
  static Simulation caffeine(long capacity) {
    Cache<Integer, Long> cache =
        Caffeine.newBuilder()
            .maximumWeight(capacity / UNIT)
            .weigher((Integer object, Long bytes) -> (int) (bytes / UNIT))
            .executor(Runnable::run)
            .build();
    return (object, bytes) -> {
      boolean hit = cache.getIfPresent(object) != null;
      if (!hit) {
        cache.put(object, bytes);
      }
      return hit;
    };
  }

  /** SIEVE (Zhang et al., NSDI 2024): one queue and a hand. */
  static Simulation sieve(long capacity) {
    return new Simulation() {
      private final Map<Integer, Node> nodes = new HashMap<>();
      private final Node ends = new Node(-1, 0);
      private Node hand = ends;
      private long used;

      @Override
      public boolean ask(int object, long bytes) {
        Node node = nodes.get(object);
        if (node != null) {
          node.visited = true;
          return true;
        }
        if (bytes > capacity) {
          return false;
        }
        while (used + bytes > capacity) {
          evict();
        }
        Node added = new Node(object, bytes);
        added.linkBefore(ends);
        nodes.put(object, added);
        used += bytes;
        return false;
      }

      private void evict() {
        Node at = hand == ends ? ends.newer : hand;
        while (at == ends || at.visited) {
          at.visited = false;
          at = at.newer;
        }
        hand = at.newer;
        at.unlink();
        nodes.remove(at.object);
        used -= at.bytes;
      }
    };
  }

  /** In a ring, the oldest behind its ends. */
  private static final class Node {
    final int object;
    final long bytes;
    boolean visited;
    Node older = this;
    Node newer = this;

    Node(int object, long bytes) {
      this.object = object;
      this.bytes = bytes;
    }

    void linkBefore(Node ends) {
      older = ends.older;
      newer = ends;
      older.newer = this;
      ends.older = this;
    }

    void unlink() {
      older.newer = newer;
      newer.older = older;
    }
  }

  /** S3-FIFO as published (Yang et al., SOSP 2023): a tenth small, promoted at the second hit. */
  static Simulation s3Fifo(long capacity) {
    return new S3Fifo(capacity);
  }

  private static final class S3Fifo implements Simulation {
    private final long capacity;
    private final Map<Integer, int[]> counts = new HashMap<>();
    private final Map<Integer, Long> sizes = new HashMap<>();
    private final ArrayDeque<Integer> small = new ArrayDeque<>();
    private final ArrayDeque<Integer> main = new ArrayDeque<>();
    private final LinkedHashSet<Integer> ghost = new LinkedHashSet<>();
    private long smallBytes;
    private long mainBytes;

    S3Fifo(long capacity) {
      this.capacity = capacity;
    }

    @Override
    public boolean ask(int object, long bytes) {
      int[] count = counts.get(object);
      if (count != null) {
        count[0] = Math.min(3, count[0] + 1);
        return true;
      }
      if (bytes > capacity) {
        return false;
      }
      while (smallBytes + mainBytes + bytes > capacity) {
        if (smallBytes > capacity / 10 || main.isEmpty()) {
          evictSmall();
        } else {
          evictMain();
        }
      }
      counts.put(object, new int[1]);
      sizes.put(object, bytes);
      if (ghost.remove(object)) {
        main.add(object);
        mainBytes += bytes;
      } else {
        small.add(object);
        smallBytes += bytes;
      }
      return false;
    }

    private void evictSmall() {
      while (!small.isEmpty()) {
        int object = small.remove();
        long bytes = sizes.getOrDefault(object, 0L);
        smallBytes -= bytes;
        if (counts.getOrDefault(object, new int[1])[0] > 1) {
          main.add(object);
          mainBytes += bytes;
        } else {
          ghost.add(object);
          if (ghost.size() > Math.max(main.size(), 1000)) {
            ghost.remove(ghost.getFirst());
          }
          forget(object);
          return;
        }
      }
    }

    private void evictMain() {
      while (true) {
        int object = main.remove();
        int[] count = counts.getOrDefault(object, new int[1]);
        if (count[0] > 0) {
          count[0]--;
          main.add(object);
        } else {
          mainBytes -= sizes.getOrDefault(object, 0L);
          forget(object);
          return;
        }
      }
    }

    private void forget(int object) {
      counts.remove(object);
      sizes.remove(object);
    }
  }

  /** The store's own: its pools and queues, without its files. */
  static Simulation own(long capacity) {
    return new Own(capacity);
  }

  private static final class Own implements Simulation {
    private final long capacity;
    private final SiteRoom sites = new SiteRoom();
    private final Pool small = new Pool(sites);
    private final Pool large = new Pool(sites);

    Own(long capacity) {
      this.capacity = capacity;
    }

    @Override
    public boolean ask(int object, long bytes) {
      int units = ObjectWriter.units(bytes);
      Pool pool = units < Chunks.PARTS ? small : large;
      long hash = object * 0x9e3779b97f4a7c15L;
      List<Integer> found = new ArrayList<>(1);
      pool.slots.forEach(hash, found::add);
      if (!found.isEmpty()) {
        pool.queues.touch(found.getFirst());
        return true;
      }
      long taken = (long) units * StoreConfig.SMALL;
      if (taken > capacity / 2) {
        return false;
      }
      while (small.bytes() + large.bytes() + taken > capacity) {
        Pool from = Room.next(small, large);
        int victim = from.queues.victim(slot -> true);
        if (victim < 0) {
          from = from == small ? large : small;
          victim = from.queues.victim(slot -> true);
        }
        from.evict(victim);
      }
      pool.add(hash, object + 1L, 0, 0, 0, units);
      return false;
    }
  }
}
