package dev.perigee.edge.concurrency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.collapse.Flight;
import dev.perigee.edge.collapse.Flight.Filled;
import dev.perigee.edge.collapse.FlightTable;
import dev.perigee.edge.collapse.FlightTable.Turn;
import dev.perigee.edge.request.CacheKey;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** "One origin request per key"; whoever waits for it is answered, and answered once. */
class FlightsConcurrencyTest {
  private static final CacheKey KEY = CacheKey.of("shop", "www.shop.example", "/a");
  private static final Filled UNCACHEABLE = new Filled.Uncacheable();
  private static final long PATIENCE = 10;

  private static void join(List<? extends Thread> threads) {
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  /**
   * A request: it joins, and leads or follows. Threads have their state in fields of their own
   * class: what a lambda captures the model checker takes for nobody else's.
   */
  private static final class Request extends Thread {
    private final FlightTable table;
    private final boolean joinsAny;
    final AtomicInteger answers = new AtomicInteger();
    Optional<Flight> led = Optional.empty();

    Request(FlightTable table, boolean joinsAny) {
      this.table = table;
      this.joinsAny = joinsAny;
    }

    @Override
    public void run() {
      ask();
    }

    void ask() {
      Turn turn =
          table.join(KEY, 0, 0, OptionalInt.empty(), flight -> joinsAny || flight.isFilled());
      if (turn instanceof Turn.Lead lead) {
        led = Optional.of(lead.flight());
        answers.incrementAndGet();
      } else if (turn instanceof Turn.Follow follow) {
        boolean waits =
            follow
                .flight()
                .follow(
                    Runnable::run,
                    filled -> answers.incrementAndGet(),
                    new Flight.Patience(PATIENCE, answers::incrementAndGet));
        answers.addAndGet(waits ? 0 : 1);
      }
    }
  }

  /** What a leader does in the end. */
  private static final class Landing extends Thread {
    private final FlightTable table;
    private final Flight flight;
    private final boolean endsFirst;

    /**
     * @param endsFirst it ends its flight and then tells, as for an answer that nobody may share;
     *     else it tells and then ends, as for a body
     */
    Landing(FlightTable table, Flight flight, boolean endsFirst) {
      this.table = table;
      this.flight = flight;
      this.endsFirst = endsFirst;
    }

    @Override
    public void run() {
      land();
    }

    void land() {
      if (endsFirst) {
        table.end(flight);
        flight.filled(UNCACHEABLE);
      } else {
        flight.filled(UNCACHEABLE);
        table.end(flight);
      }
    }
  }

  private static final class Sweep extends Thread {
    private final FlightTable table;

    Sweep(FlightTable table) {
      this.table = table;
    }

    @Override
    public void run() {
      table.sweep(PATIENCE);
    }
  }

  private static List<Flight> led(List<Request> requests) {
    return requests.stream().flatMap(request -> request.led.stream()).toList();
  }

  @Test
  void ofSeveralAtOnceOneLeads() {
    Interleavings.of(
        () -> {
          FlightTable table = new FlightTable(8);
          List<Request> requests =
              List.of(new Request(table, true), new Request(table, true), new Request(table, true));
          join(requests);
          assertEquals(1, led(requests).size(), "one leads, the others follow it");
          new Landing(table, led(requests).getFirst(), false).land();
          requests.forEach(one -> assertEquals(1, one.answers.get(), "and are told"));
          assertEquals(0, table.size());
        });
  }

  /** Who comes after the end leads the next flight; everybody else is told, or sent away. */
  @Test
  void everyFollowerIsToldOnceWhateverTheOrder() {
    for (boolean endsFirst : List.of(true, false)) {
      Interleavings.of(
          () -> {
            FlightTable table = new FlightTable(8);
            Request leader = new Request(table, true);
            leader.ask();
            Request first = new Request(table, true);
            Request second = new Request(table, true);
            Flight flight = leader.led.orElseThrow();
            join(List.of(first, second, new Landing(table, flight, endsFirst), new Sweep(table)));
            List<Request> late = List.of(first, second);
            led(late).forEach(next -> new Landing(table, next, endsFirst).land());
            late.forEach(one -> assertEquals(1, one.answers.get(), "answered once"));
            assertTrue(led(late).size() <= 1, "and one of them leads at most");
            assertEquals(0, table.size());
          });
    }
  }

  /** As after a purge: a flight that nobody may join does not hold up the next. */
  @Test
  void aFlightThatNobodyMayJoinIsReplacedByOne() {
    Interleavings.of(
        () -> {
          FlightTable table = new FlightTable(8);
          Request purged = new Request(table, true);
          purged.ask();
          List<Request> requests = List.of(new Request(table, false), new Request(table, false));
          Flight old = purged.led.orElseThrow();
          join(List.of(requests.get(0), requests.get(1), new Landing(table, old, true)));
          led(requests).forEach(next -> new Landing(table, next, false).land());
          requests.forEach(one -> assertEquals(1, one.answers.get(), "answered once"));
          assertEquals(0, table.size(), "the old one's end takes no other flight along");
        });
  }

  /** Looks for what is stored, and joins where that is nothing; the first stores what it leads. */
  private static final class Reader extends Thread {
    private final FlightTable table;
    private final AtomicBoolean stored;
    final AtomicInteger fetches;

    Reader(FlightTable table, AtomicBoolean stored, AtomicInteger fetches) {
      this.table = table;
      this.stored = stored;
      this.fetches = fetches;
    }

    @Override
    public void run() {
      OptionalInt looked = OptionalInt.of(table.landed(KEY));
      if (stored.get()) {
        return;
      }
      switch (table.join(KEY, 0, 0, looked, flight -> true)) {
        case Turn.Lead(Flight flight) -> {
          fetches.incrementAndGet();
          flight.filled(UNCACHEABLE);
          stored.set(true);
          table.end(flight);
        }
        case Turn.Look() -> assertTrue(stored.get(), "it has come since");
        case Turn.Follow(Flight flight) -> {}
      }
    }
  }

  /** Not even by one who looked before it was stored and asks for it after that. */
  @Test
  void whatIsStoredIsNotFetchedOnceMore() {
    Interleavings.of(
        () -> {
          FlightTable table = new FlightTable(8);
          AtomicBoolean stored = new AtomicBoolean();
          AtomicInteger fetches = new AtomicInteger();
          join(
              List.of(
                  new Reader(table, stored, fetches),
                  new Reader(table, stored, fetches),
                  new Reader(table, stored, fetches)));
          assertEquals(1, fetches.get());
          assertEquals(0, table.size());
        });
  }
}
