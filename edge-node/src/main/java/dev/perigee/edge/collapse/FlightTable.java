package dev.perigee.edge.collapse;

import dev.perigee.edge.request.CacheKey;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** The flights under way, one for each key. */
public final class FlightTable {
  /** Who may wait for one head; more fetch for themselves. */
  private static final int MAX_FOLLOWERS = 10_000;

  private final ConcurrentHashMap<CacheKey, Flight> flights = new ConcurrentHashMap<>();
  private final Set<Flight> all = ConcurrentHashMap.newKeySet();
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
  }

  /**
   * Joins the flight for this key or leads a new one.
   *
   * @param fence last purge in force now
   * @param nowMillis when
   * @param joinable whether the flight under way may answer this request; one that may not goes on
   *     beside the new one, unlisted
   */
  public Turn join(CacheKey key, long fence, long nowMillis, Predicate<Flight> joinable) {
    Flight current = flights.get(key);
    if (current != null && joinable.test(current)) {
      return new Turn.Follow(current);
    }
    Flight mine = new Flight(key, fence, MAX_FOLLOWERS, nowMillis);
    if (current == null && flights.size() >= maxFlights) {
      return new Turn.Lead(mine);
    }
    Flight listed = flights.compute(key, (k, now) -> now == null || now == current ? mine : now);
    if (listed == mine) {
      all.add(mine);
      return new Turn.Lead(mine);
    }
    return joinable.test(listed) ? new Turn.Follow(listed) : new Turn.Lead(mine);
  }

  /** The flight under way for this key. */
  public Optional<Flight> current(CacheKey key) {
    return Optional.ofNullable(flights.get(key));
  }

  /** The flight is over: nobody joins it any more. */
  public void end(Flight flight) {
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
