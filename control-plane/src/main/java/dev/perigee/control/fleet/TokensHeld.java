package dev.perigee.control.fleet;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Up to which number nodes answer the tokens of certificate authorities, as they said it here or to
 * other control planes. Where a node is connected here its word here counts.
 */
public final class TokensHeld {
  private final Map<String, Long> own = new ConcurrentHashMap<>();
  private final Map<String, Said> elsewhere = new ConcurrentHashMap<>();
  private final Consumer<String> report;

  /** What another control plane said of a node. */
  private record Said(String by, long through) {}

  TokensHeld(Consumer<String> report) {
    this.report = report;
  }

  /** A node's stream began: it has to say anew what it holds. */
  void begun(String node) {
    own.put(node, 0L);
  }

  /** A node's stream ended. */
  void lost(String node) {
    own.remove(node);
  }

  /** A node said what it holds. */
  public void held(String node, long through) {
    if (own.replace(node, through) != null) {
      report.accept(node);
    }
  }

  /** Another control plane says what a node holds that is connected to it, or not any more. */
  public void heard(String by, String node, boolean connected, long through) {
    elsewhere.compute(
        node,
        (name, before) -> {
          if (connected) {
            return new Said(by, through);
          }
          return before == null || before.by().equals(by) ? null : before;
        });
  }

  /** As the node said it here; 0 where it is not connected here. */
  public long own(String node) {
    return own.getOrDefault(node, 0L);
  }

  /** The number up to which a node answers all tokens; 0 where it never said. */
  public long of(String node) {
    Long here = own.get(node);
    Said said = elsewhere.get(node);
    return here != null ? here : said == null ? 0 : said.through();
  }
}
