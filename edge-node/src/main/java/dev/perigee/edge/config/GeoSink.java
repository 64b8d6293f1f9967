package dev.perigee.edge.config;

import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.FromEdge.GeoReport;
import dev.perigee.contract.GeoHolding;
import java.util.List;
import java.util.function.Consumer;

/** The port to whoever keeps GeoIP databases. */
public interface GeoSink {
  /** The kinds that are taken, each with what serves; none where none are taken. */
  List<GeoHolding> holdings();

  /**
   * Takes a part of a database; returns at once.
   *
   * @param reports is told what became of it, on any thread
   */
  void take(GeoChunk chunk, Consumer<GeoReport> reports);
}
