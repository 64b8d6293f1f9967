package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.LookupPolicy;
import dev.perigee.edge.collapse.Flight;
import dev.perigee.edge.collapse.FlightTable;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalInt;

/** Whether a request may take what another one's fetch brings. */
final class Joining {
  private final FlightTable flights;
  private final Fetching fetching;
  private final InstantSource clock;

  Joining(FlightTable flights, Fetching fetching, InstantSource clock) {
    this.flights = flights;
    this.fetching = fetching;
    this.clock = clock;
  }

  /** Whether it fetches, waits, or looks once more for what has come into the store since. */
  FlightTable.Turn join(Fetch fetch, long fence) {
    // Whose first flight failed has had its look: what came of that flight is not in the store.
    OptionalInt looked =
        fetch.reelected()
            ? OptionalInt.empty()
            : fetch.answer().map(Answer::looked).orElse(OptionalInt.empty());
    FlightTable.Turn turn =
        flights.join(
            fetch.key(), fence, clock.millis(), looked, flight -> isJoinable(fetch, flight));
    if (turn instanceof FlightTable.Turn.Look) {
      fetch.answer().ifPresent(Answer::settle);
    }
    return turn;
  }

  /**
   * Whoever comes while the head is awaited takes what comes; later the response must suit as a
   * stored one would, for a long body may outlive its freshness, and its beginning must be there
   * still: where nothing is stored, the first who missed it leads the next fetch.
   */
  boolean isJoinable(Fetch fetch, Flight flight) {
    return fetching.isUnpurged(flight)
        && flight.isJoinable()
        && !flight.isOverdue(clock.millis(), fetch.site().cache().collapseAgeMillis())
        && (!flight.isFilled()
            || flight
                .meta()
                .filter(meta -> LookupPolicy.suits(fetch.request(), meta, clock.millis()))
                .isPresent());
  }

  /** What is about to be stored and may not answer this request unasked. */
  Optional<Flight> settling(Fetch fetch) {
    return flights
        .current(fetch.key())
        .filter(Flight::isSettling)
        .filter(f -> fetching.isUnpurged(f) && !isJoinable(fetch, f));
  }

  /** Whether the whole is under way already, and what is wanted of it there or a slice away. */
  boolean isComingIn(Fetch fetch, boolean wholly) {
    return ready(fetch)
        .filter(ready -> fetching.delivery().isComingIn(fetch, ready, wholly))
        .isPresent();
  }

  boolean headFromFlight(Fetch fetch) {
    Optional<Flight.Filled.Ready> ready = ready(fetch);
    return ready.isPresent() && fetching.delivery().follow(fetch, ready.get());
  }

  private Optional<Flight.Filled.Ready> ready(Fetch fetch) {
    return flights
        .current(fetch.key())
        .filter(flight -> isJoinable(fetch, flight))
        .flatMap(Flight::ready);
  }
}
