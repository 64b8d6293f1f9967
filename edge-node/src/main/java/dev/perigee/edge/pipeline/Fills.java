package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.SlicePolicy;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.collapse.Flight;
import dev.perigee.edge.collapse.FlightTable;
import dev.perigee.edge.collapse.WindowBudget;
import dev.perigee.edge.request.BodySource;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Bodies on their way from where they were fetched to the store and to readers. */
final class Fills {
  private final PipelineConfig config;
  private final FlightTable flights;
  private final WindowBudget budget;
  private final Set<ActiveFill> active = ConcurrentHashMap.newKeySet();

  Fills(PipelineConfig config, FlightTable flights) {
    this.config = config;
    this.flights = flights;
    this.budget = new WindowBudget(config.fillMemoryBytes(), config.windowBytes());
  }

  int open() {
    return active.size();
  }

  /** Bytes that wait in memory for readers or for the store. */
  long heldBytes() {
    return budget.held();
  }

  /** Whether they hold as much as they may. */
  boolean isOverdrawn() {
    return budget.isOverdrawn();
  }

  void sweep(long nowMillis) {
    active.forEach(fill -> fill.sweep(nowMillis, config.stragglerMillis()));
  }

  /** Reads what has come already; where that is nothing yet, the reader gets the head at least. */
  static void begin(Fetch fetch, ActiveFill fill) {
    fill.start();
    if (!fill.isEnded() && fill.fill().received() == 0) {
      fetch.answer().ifPresent(answer -> answer.exchange().sink().flush());
    }
  }

  /** A body on its way into the store. */
  record Keeping(ResponseWriter writer, StoredMeta meta) {}

  /** One that is under way until its body has ended. */
  ActiveFill fill(Fetch fetch, BodySource source, Optional<Keeping> keeping, Flight flight) {
    OptionalLong length =
        keeping
            .flatMap(k -> SlicePolicy.range(k.meta))
            .map(range -> OptionalLong.of(range.length()))
            .orElse(source.length());
    ActiveFill fill =
        new ActiveFill(
            source,
            keeping.map(Keeping::writer),
            fetch.thread(),
            config,
            budget,
            length,
            received -> beginning(fetch, keeping, received, length),
            ended -> {
              active.remove(ended);
              flights.end(flight);
            });
    active.add(fill);
    return fill;
  }

  /** What broke off, as a part; never in place of a whole that is stored. */
  private Optional<StoredMeta> beginning(
      Fetch fetch, Optional<Keeping> keeping, long received, OptionalLong length) {
    return keeping
        .filter(k -> fetch.stale().isEmpty() && length.isPresent())
        .flatMap(
            k -> SlicePolicy.beginning(k.meta, received, length.getAsLong(), config.sliceBytes()));
  }
}
