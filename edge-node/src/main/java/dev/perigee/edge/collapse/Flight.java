package dev.perigee.edge.collapse;

import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.ResponseHead;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One fetch for one key, from the moment somebody decides to ask the origin until its head is
 * known, and everybody who waits for that. What comes after the head is the {@link Fill}'s.
 */
public final class Flight {
  private final CacheKey key;
  private final long fence;
  private final int maxFollowers;
  private final long beganMillis;
  private final List<Follower> followers = new ArrayList<>();
  private final List<Settling> settling = new ArrayList<>();
  private @Nullable Filled filled;
  private @Nullable Fill storing;
  private OptionalLong length = OptionalLong.empty();
  private boolean isOver;

  /**
   * @param fence last purge in force when it began
   * @param maxFollowers who may wait for the head
   */
  Flight(CacheKey key, long fence, int maxFollowers, long beganMillis) {
    this.key = key;
    this.fence = fence;
    this.maxFollowers = maxFollowers;
    this.beganMillis = beganMillis;
  }

  /** A flight in no table, which nobody can join. */
  public static Flight unlisted(CacheKey key, long fence) {
    return new Flight(key, fence, 0, 0);
  }

  public CacheKey key() {
    return key;
  }

  public long fence() {
    return fence;
  }

  /** Whether it has had no answer for so long that nobody should begin to wait for it. */
  public synchronized boolean isOverdue(long nowMillis, long ageMillis) {
    return filled == null && nowMillis - beganMillis >= ageMillis;
  }

  /** What the flight came to, once its head is known. */
  public sealed interface Filled {
    /** A response that may be shared, being received. */
    record Ready(ResponseHead head, StoredMeta meta, OptionalLong length, Fill fill)
        implements Filled {}

    /** The stored response was validated. */
    record Refreshed(StoredResponse response) implements Filled {}

    /** The response is for its own request only: everybody asks for themselves. */
    record Uncacheable() implements Filled {}

    /** The origin gave no answer. */
    record LeaderFailed(String reason, int status) implements Filled {}
  }

  /** Its body goes into the store. */
  public synchronized void stores(Fill fill, OptionalLong bytes) {
    storing = fill;
    length = bytes;
  }

  /** Whether its body has ended, and the store is about to make it findable. */
  public synchronized boolean isSettling() {
    Fill fill = storing;
    return fill != null && !isOver && (fill.isWhole(length) || fill.isBroken());
  }

  /** A response that may be shared and is still coming in, or all here and on its way out. */
  public synchronized Optional<Filled.Ready> ready() {
    return filled instanceof Filled.Ready ready ? Optional.of(ready) : Optional.empty();
  }

  /**
   * Waits for the store to be done with it.
   *
   * @param patience whose end is the same to whoever waits
   * @return false when it is over already, or too many wait
   */
  public synchronized boolean settle(Executor thread, Patience patience) {
    if (isOver || settling.size() >= maxFollowers) {
      return false;
    }
    settling.add(new Settling(thread, patience));
    return true;
  }

  /** Nobody can join it any more; it can be found in the store, or never will be. */
  void over() {
    List<Settling> told;
    synchronized (this) {
      isOver = true;
      told = List.copyOf(settling);
      settling.clear();
    }
    told.forEach(one -> one.thread.execute(one.patience.over));
  }

  /** What is known of the response, once its head has come and while its body has not broken. */
  public synchronized Optional<StoredMeta> meta() {
    return switch (filled) {
      case Filled.Ready ready ->
          ready.fill().isBroken() ? Optional.empty() : Optional.of(ready.meta());
      case Filled.Refreshed refreshed -> Optional.of(refreshed.response().meta());
      case null, default -> Optional.empty();
    };
  }

  /**
   * Waits for the head; called at once, on the caller's thread, when it is known.
   *
   * @param patience how long
   * @return false when too many wait already
   */
  public boolean follow(Executor thread, Consumer<Filled> told, Patience patience) {
    Filled known;
    synchronized (this) {
      known = filled;
      if (known == null) {
        if (followers.size() >= maxFollowers) {
          return false;
        }
        followers.add(new Follower(thread, told, patience));
        return true;
      }
    }
    told.accept(known);
    return true;
  }

  /**
   * How long somebody waits.
   *
   * @param untilMillis by the clock that {@link #sweep} is called with
   * @param over what to do then, on the follower's thread
   */
  public record Patience(long untilMillis, Runnable over) {}

  /** Sends those away who have waited for too long. */
  void sweep(long nowMillis) {
    List<Follower> late = new ArrayList<>();
    synchronized (this) {
      followers.removeIf(
          follower -> {
            boolean isLate = nowMillis >= follower.patience.untilMillis;
            if (isLate) {
              late.add(follower);
            }
            return isLate;
          });
    }
    late.forEach(follower -> follower.thread.execute(follower.patience.over));
    lateSettling(nowMillis).forEach(one -> one.thread.execute(one.patience.over));
  }

  private synchronized List<Settling> lateSettling(long nowMillis) {
    List<Settling> late =
        settling.stream().filter(one -> nowMillis >= one.patience.untilMillis).toList();
    settling.removeAll(late);
    return late;
  }

  /** The head is known: tells everybody who waits. Once. */
  public void filled(Filled answer) {
    List<Follower> told;
    synchronized (this) {
      if (filled != null) {
        throw new IllegalStateException("a flight is filled once");
      }
      filled = answer;
      told = List.copyOf(followers);
      followers.clear();
    }
    if (answer instanceof Filled.Ready ready) {
      ready.fill().expect(told.size());
    }
    told.forEach(follower -> follower.thread.execute(() -> tell(follower, answer)));
  }

  private static void tell(Follower follower, Filled answer) {
    try {
      follower.told.accept(answer);
    } finally {
      if (answer instanceof Filled.Ready ready) {
        ready.fill().arrived();
      }
    }
  }

  /** Whether somebody who comes now can have all of it. */
  public synchronized boolean isJoinable() {
    return !(filled instanceof Filled.Ready ready) || ready.fill().isJoinable();
  }

  public synchronized boolean isFilled() {
    return filled != null;
  }

  private record Settling(Executor thread, Patience patience) {}

  private record Follower(Executor thread, Consumer<Filled> told, Patience patience) {}
}
