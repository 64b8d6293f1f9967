package dev.perigee.edge.config;

import dev.perigee.contract.FromEdge;
import java.util.List;

/** What became of an update. */
public sealed interface Applied {
  /**
   * The new state; what was refused keeps its last good in it, or is absent.
   *
   * @param refusals of this update alone
   */
  record Accepted(ConfigState state, List<FromEdge.Refusal> refusals) implements Applied {
    public Accepted {
      refusals = List.copyOf(refusals);
    }
  }

  /** Nobody can read it, or it does not follow what is in force: nothing changes. */
  record Rejected(long revision, List<String> problems) implements Applied {
    public Rejected {
      problems = List.copyOf(problems);
    }
  }
}
