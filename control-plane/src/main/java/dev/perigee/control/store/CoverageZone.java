package dev.perigee.control.store;

import dev.perigee.contract.AddressRange;
import java.util.List;

/**
 * A network whose clients the operator sends to regions or nodes, whatever GeoIP says of them.
 *
 * @param targets names of regions or nodes, the first first
 */
public record CoverageZone(AddressRange network, List<String> targets) {
  /** Copies the list. */
  public CoverageZone {
    targets = List.copyOf(targets);
  }
}
