package dev.perigee.control.steer;

import dev.perigee.control.store.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where a client goes. One belongs to one thread, which has it filled again with each choice: who
 * asks hundreds of thousands of times a second leaves nothing to be collected.
 */
public final class Choice {
  private final @Nullable Node[] nodes = new Node[Selection.NAMED];
  private final Selection selection = new Selection();
  private int count;
  private int together;
  private int scopePrefix;
  private boolean fallback;

  /**
   * From now on this is what was chosen.
   *
   * @param chosen the best first; only so many as are ever named count
   * @param together as {@link #together()}
   * @param scopePrefix as {@link #scopePrefix()}
   * @param fallback as {@link #isFallback()}
   */
  public void become(List<Node> chosen, int together, int scopePrefix, boolean fallback) {
    count = Math.min(chosen.size(), nodes.length);
    for (int i = 0; i < count; i++) {
      nodes[i] = chosen.get(i);
    }
    become(together, scopePrefix, fallback);
  }

  /** The same of what its selection has selected. */
  void becomeSelected(int scopePrefix) {
    count = selection.count();
    for (int i = 0; i < count; i++) {
      nodes[i] = selection.node(i);
    }
    become(selection.together(), scopePrefix, selection.rank() > 1 || selection.isOutside());
  }

  private void become(int together, int scopePrefix, boolean fallback) {
    this.together = Math.min(together, count);
    this.scopePrefix = scopePrefix;
    this.fallback = fallback;
  }

  /** What selects for it. */
  Selection selection() {
    return selection;
  }

  /** How many nodes there are; none only where no node serves the site. */
  public int count() {
    return count;
  }

  /** One of them; the first is the best. */
  public Node node(int index) {
    return Objects.requireNonNull(nodes[index]);
  }

  /** All of them. */
  public List<Node> nodes() {
    List<Node> all = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      all.add(node(i));
    }
    return all;
  }

  /**
   * How many of the first of them share the site's objects and are as good as each other; at least
   * one where there is any.
   */
  public int together() {
    return together;
  }

  /**
   * Bits of the client's address that the answer depends on; 0 for none, and more than were known
   * where the network is larger than the answer's.
   */
  public int scopePrefix() {
    return scopePrefix;
  }

  /** Whether there was no healthy node where one was to be. */
  public boolean isFallback() {
    return fallback;
  }
}
