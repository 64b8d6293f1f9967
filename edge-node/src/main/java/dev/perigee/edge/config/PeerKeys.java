package dev.perigee.edge.config;

import dev.perigee.keys.SoleKeyManager;
import java.util.List;
import java.util.function.Supplier;

/** Shows this node's own certificate to other nodes, whoever began the connection. */
final class PeerKeys extends SoleKeyManager {
  private final Supplier<Identity> identity;

  PeerKeys(Supplier<Identity> identity) {
    this.identity = identity;
  }

  @Override
  protected Shown shown() {
    Identity own = identity.get();
    return new Shown(own.key(), List.of(own.certificate(), own.ca()));
  }
}
