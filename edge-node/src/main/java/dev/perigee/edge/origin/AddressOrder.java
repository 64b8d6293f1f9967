package dev.perigee.edge.origin;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * In which order the addresses of one name are tried: they take turns, whatever their family, and
 * one to which no connection could be opened lately comes last, so that a family that leads nowhere
 * costs its time-out once and not each time.
 */
final class AddressOrder {
  private static final long FORGIVEN_MILLIS = 30_000;
  private static final int MOST = 10_000;

  private final AtomicInteger turn = new AtomicInteger();
  private final Map<InetAddress, Long> failedAt = new ConcurrentHashMap<>();

  /** The same addresses in the order in which to try them. */
  List<InetAddress> of(List<InetAddress> addresses, long nowMillis) {
    if (addresses.size() < 2) {
      return addresses;
    }
    List<InetAddress> order = new ArrayList<>(addresses);
    Collections.rotate(order, -Math.floorMod(turn.getAndIncrement(), order.size()));
    if (!failedAt.isEmpty()) {
      order.sort((a, b) -> Boolean.compare(hasFailed(a, nowMillis), hasFailed(b, nowMillis)));
    }
    return order;
  }

  private boolean hasFailed(InetAddress address, long nowMillis) {
    Long at = failedAt.get(address);
    return at != null && nowMillis - at < FORGIVEN_MILLIS;
  }

  /** No connection could be opened. */
  void failed(InetAddress address, long nowMillis) {
    if (failedAt.size() >= MOST) {
      failedAt.clear();
    }
    failedAt.put(address, nowMillis);
  }

  /** A connection is open. */
  void worked(InetAddress address) {
    if (!failedAt.isEmpty()) {
      failedAt.remove(address);
    }
  }
}
