package dev.perigee.edge.origin;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.xnio.XnioExecutor;

/**
 * The connections of one I/O thread that further exchanges may use: idle ones, and those that carry
 * several exchanges at once for as long as they are open. Used on that thread only.
 */
final class IdleConnections {
  /** Within one keep-alive time. */
  private static final int SWEEPS = 4;

  private final OriginConfig config;
  private final InstantSource clock;
  private final XnioExecutor thread;
  private final Map<OriginPeer, Deque<Idle>> byServer = new HashMap<>();
  private final Map<OriginPeer, Deque<Opened>> connecting = new HashMap<>();
  private boolean sweeping;

  IdleConnections(OriginConfig config, InstantSource clock, XnioExecutor thread) {
    this.config = config;
    this.clock = clock;
    this.thread = thread;
  }

  /** The connection used last that is open and has room; a shared one stays here. */
  Optional<OriginConnection> take(OriginPeer server) {
    Deque<Idle> kept = byServer.get(server);
    if (kept == null) {
      return Optional.empty();
    }
    long oldest = clock.millis() - config.keepAlive().toMillis();
    Optional<OriginConnection> found = Optional.empty();
    Iterator<Idle> last = kept.descendingIterator();
    while (found.isEmpty() && last.hasNext()) {
      Idle idle = last.next();
      boolean usable = idle.connection.isOpen() && (!idle.isUnused() || idle.sinceMillis >= oldest);
      if (!usable) {
        last.remove();
        idle.connection.close();
      } else if (idle.connection.hasRoom()) {
        idle.sinceMillis = clock.millis();
        found = Optional.of(idle.connection);
        if (!idle.connection.isShared()) {
          last.remove();
        }
      }
    }
    if (kept.isEmpty()) {
      byServer.remove(server);
    }
    return found;
  }

  /** A connection that has no exchange any more, or a shared one. */
  void keep(OriginPeer server, OriginConnection connection) {
    Deque<Idle> kept = byServer.computeIfAbsent(server, s -> new ArrayDeque<>());
    if (connection.isShared() && touch(kept, connection)) {
      return;
    }
    if (kept.size() >= config.idlePerServer()) {
      evict(kept);
    }
    kept.addLast(new Idle(connection, clock.millis()));
    sweepLater();
  }

  /** A shared one is used now; false where it is not among them yet. */
  private boolean touch(Deque<Idle> kept, OriginConnection connection) {
    for (Idle idle : kept) {
      if (idle.connection.equals(connection)) {
        idle.sinceMillis = clock.millis();
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a connection that may be shared is being opened already: then {@code again} is told
   * once that has come to something. Whoever is told no opens one and says {@link #opened}.
   */
  boolean isOpening(OriginPeer server, Opened again) {
    Deque<Opened> waiting = connecting.get(server);
    if (waiting == null) {
      connecting.put(server, new ArrayDeque<>());
      return false;
    }
    waiting.addLast(again);
    return true;
  }

  /** Who waits for a connection. */
  interface Opened {
    /** It is there to be shared, or will not be. */
    void opened(boolean shared);
  }

  /** The connection is there, or will not be. */
  void opened(OriginPeer server, boolean shared) {
    Deque<Opened> waiting = connecting.remove(server);
    if (waiting != null) {
      waiting.forEach(one -> one.opened(shared));
    }
  }

  /** The one that was used longest ago; a closed one is among the first of them. */
  private static void evict(Deque<Idle> kept) {
    for (Iterator<Idle> eldest = kept.iterator(); eldest.hasNext(); ) {
      Idle idle = eldest.next();
      if (idle.isUnused() || !idle.connection.isOpen()) {
        eldest.remove();
        idle.connection.close();
        return;
      }
    }
  }

  /** One timer for all of them, while there are any. */
  private void sweepLater() {
    if (!sweeping) {
      sweeping = true;
      long millis = Math.max(1, config.keepAlive().toMillis() / SWEEPS);
      thread.executeAfter(this::sweep, millis, TimeUnit.MILLISECONDS);
    }
  }

  /** Closes what has been idle for too long. */
  private void sweep() {
    sweeping = false;
    long oldest = clock.millis() - config.keepAlive().toMillis();
    for (Deque<Idle> kept : byServer.values()) {
      kept.removeIf(
          idle -> {
            boolean old = idle.isUnused() && idle.sinceMillis <= oldest;
            if (old) {
              idle.connection.close();
            }
            return old || !idle.connection.isOpen();
          });
    }
    byServer.values().removeIf(Deque::isEmpty);
    if (!byServer.isEmpty()) {
      sweepLater();
    }
  }

  private static final class Idle {
    private final OriginConnection connection;
    private long sinceMillis;

    Idle(OriginConnection connection, long sinceMillis) {
      this.connection = connection;
      this.sinceMillis = sinceMillis;
    }

    boolean isUnused() {
      return connection.isUnused();
    }
  }
}
