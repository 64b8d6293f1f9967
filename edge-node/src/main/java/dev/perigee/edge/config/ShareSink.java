package dev.perigee.edge.config;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import java.util.Optional;

/** The port to whoever counts by limits that all nodes share. Called by the sync thread alone. */
public interface ShareSink {
  /** How often to ask for a report. */
  long reportMillis();

  /** The key by which all nodes hash what they count, in two halves. */
  void agreed(long first, long second);

  /**
   * What is wanted now; asked for as often as it says, whether or not it can be sent. Empty where
   * there are no such limits.
   *
   * @param nowNanos of a clock that never jumps
   */
  Optional<FromEdge.Demands> report(long nowNanos);

  /** The control plane has divided limits. */
  void take(FromControl.Shares shares, long nowNanos);
}
