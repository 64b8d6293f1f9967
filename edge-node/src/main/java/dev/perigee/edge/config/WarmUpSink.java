package dev.perigee.edge.config;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import java.util.function.Consumer;

/** The port to whoever fetches URLs into the cache unasked: the pipeline. */
public interface WarmUpSink {
  /**
   * Fetches them at their pace; returns at once.
   *
   * @param done told once, on any thread, when all are through
   */
  void warm(FromControl.WarmUp order, Consumer<FromEdge.Warmed> done);
}
