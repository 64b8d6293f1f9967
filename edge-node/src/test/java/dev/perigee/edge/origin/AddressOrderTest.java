package dev.perigee.edge.origin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** All addresses of a name are used, IPv4 and IPv6. */
final class AddressOrderTest {
  private static final InetAddress A = InetAddress.ofLiteral("192.0.2.1");
  private static final InetAddress B = InetAddress.ofLiteral("192.0.2.2");
  private static final InetAddress C = InetAddress.ofLiteral("2001:db8::1");

  private final AddressOrder order = new AddressOrder();

  private List<InetAddress> firsts(int count, long nowMillis) {
    List<InetAddress> firsts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      firsts.add(order.of(List.of(A, B, C), nowMillis).getFirst());
    }
    return firsts;
  }

  @Test
  void addressesTakeTurns() {
    assertEquals(List.of(A, B, C, A), firsts(4, 0));
    assertEquals(List.of(B, C, A), order.of(List.of(A, B, C), 0));
  }

  @Test
  void oneThatFailedComesLastForAWhile() {
    order.failed(C, 1_000);
    assertEquals(List.of(A, B, A), firsts(3, 2_000));
    assertEquals(List.of(A, B, C), order.of(List.of(A, B, C), 2_000), "but it is tried");
    assertEquals(List.of(B, C), List.copyOf(firsts(2, 31_000)));
    order.failed(A, 40_000);
    order.worked(A);
    assertEquals(A, firsts(1, 40_001).getFirst());
  }
}
