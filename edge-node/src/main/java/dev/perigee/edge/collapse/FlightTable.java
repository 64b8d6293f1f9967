package dev.perigee.edge.collapse;

import dev.perigee.edge.request.CacheKey;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Predicate;

/** The flights under way, one for each key. */
public final class FlightTable {
  /** Who may wait for one head; more fetch for themselves. */
  private static final int MAX_FOLLOWERS = 10_000;

  /** Parts of all keys of which it is known that a flight is over; a power of two. */
  private static final int PARTS = 1024;

  private final ConcurrentHashMap<CacheKey, Flight> flights = new ConcurrentHashMap<>();
  private final Set<Flight> all = ConcurrentHashMap.newKeySet();
  private final AtomicIntegerArray landed = new AtomicIntegerArray(PARTS);
  private final int maxFlights;

  /**
   * @param maxFlights flights that can be joined; past it everybody fetches for themselves
   */
  public FlightTable(int maxFlights) {
    this.maxFlights = maxFlights;
  }

  /** Whether a request fetches or waits for another's fetch. */
  public sealed interface Turn {
    /** Fetches; others may follow. Whoever leads ends the flight. */
    record Lead(Flight flight) implements Turn {}

    /** Waits. */
    record Follow(Flight flight) implements Turn {}

    /** Looks into the store once more: what it did not find there may have come since. */
    record Look() implements Turn {}
  }

  /**
   * Counts flights that are over, of this key and of some others. Whoever asks before it looks into
   * the store can tell later whether what it did not find was on its way there.
   */
  public int landed(CacheKey key) {
    return landed.get(part(key));
  }

  /** Target and slice tell well enough; the target's hash is needed for the look as well. */
  private static int part(CacheKey key) {
    int hash = key.target().hashCode() + Long.hashCode(key.slice());
    return (hash ^ hash >>> 16) & (PARTS - 1);
  }

  /**
   * Joins the flight for this key or leads a new one.
   *
   * @param fence last purge in force now
   * @param nowMillis when
   * @param looked what {@link #landed} said before the store was looked into; empty where that is
   *     not done again
   * @param joinable whether the flight under way may answer this request; one that may not goes on
   *     beside the new one, unlisted
   */
  public Turn join(
      CacheKey key, long fence, long nowMillis, OptionalInt looked, Predicate<Flight> joinable) {
    Flight current = flights.get(key);
    if (current != null && joinable.test(current)) {
      return new Turn.Follow(current);
    }
    Flight mine = new Flight(key, fence, MAX_FOLLOWERS, nowMillis);
    if (current == null && flights.size() >= maxFlights) {
      return new Turn.Lead(mine);
    }
    // One that is not listed any more was counted before it went.
    Flight listed =
        flights.compute(
            key, (k, now) -> (now == null || now == current) && !hasLanded(k, looked) ? mine : now);
    if (listed == mine) {
      all.add(mine);
      return new Turn.Lead(mine);
    }
    if (listed == null || listed == current) {
      return new Turn.Look();
    }
    return joinable.test(listed) ? new Turn.Follow(listed) : new Turn.Lead(mine);
  }

  private boolean hasLanded(CacheKey key, OptionalInt looked) {
    return looked.isPresent() && looked.getAsInt() != landed(key);
  }

  /** The flight under way for this key. */
  public Optional<Flight> current(CacheKey key) {
    return Optional.ofNullable(flights.get(key));
  }

  /** The flight is over: nobody joins it any more. */
  public void end(Flight flight) {
    if (all.contains(flight)) {
      landed.incrementAndGet(part(flight.key()));
    }
    flights.remove(flight.key(), flight);
    all.remove(flight);
    flight.over();
  }

  /** Sends those away who have waited for too long; to be called about once a second. */
  public void sweep(long nowMillis) {
    all.forEach(flight -> flight.sweep(nowMillis));
  }

  /** Flights that can be joined now. */
  public int size() {
    return flights.size();
  }
}
