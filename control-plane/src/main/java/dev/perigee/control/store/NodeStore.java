package dev.perigee.control.store;

import java.util.List;
import java.util.Optional;

/** The provisioned nodes. Calls block; a broken database is a {@link StoreException}. */
public interface NodeStore {
  Change<Node> add(Node node);

  /**
   * Replaces region, position, addresses, ports and role; {@code draining} and {@code enrolled}
   * stay.
   */
  Change<Node> replace(Node node);

  Change<Node> setDraining(String name, boolean draining);

  /** Names it a shield, or no shield any more; invalid where other nodes cannot ask it. */
  Change<Node> setShield(String name, boolean shield);

  /** Removes the node; its certificates are refused from now on and its stream ends. */
  Change<Node> remove(String name);

  Optional<Node> byName(String name);

  /** All nodes, by name. */
  List<Node> all();
}
