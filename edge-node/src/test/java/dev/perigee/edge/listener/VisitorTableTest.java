package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.request.Bandwidth;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class VisitorTableTest {
  private final VisitorTable table = new VisitorTable(32, 64);

  private static InetAddress address(String text) throws Exception {
    return InetAddress.getByName(text);
  }

  @Test
  void oneIpv4AddressIsOneClient() throws Exception {
    Visitor one = table.enter(address("192.0.2.1")).visitor();
    assertSame(one, table.enter(address("192.0.2.1")).visitor());
    assertNotSame(one, table.enter(address("192.0.2.2")).visitor());
  }

  @Test
  void oneNetworkOfIpv6IsOneClient() throws Exception {
    Visitor one = table.enter(address("2001:db8:1:2::1")).visitor();
    assertSame(one, table.enter(address("2001:db8:1:2:ffff:ffff:ffff:ffff")).visitor());
    assertNotSame(one, table.enter(address("2001:db8:1:3::1")).visitor());
  }

  @Test
  void prefixesAreWhatTheSettingsSay() throws Exception {
    VisitorTable wide = new VisitorTable(24, 80);
    Visitor one = wide.enter(address("192.0.2.1")).visitor();
    assertSame(one, wide.enter(address("192.0.2.255")).visitor());
    Visitor six = wide.enter(address("2001:db8::1:0:0:1")).visitor();
    assertSame(six, wide.enter(address("2001:db8::1:ffff:0:2")).visitor());
    assertNotSame(six, wide.enter(address("2001:db8::2:0:0:1")).visitor());
  }

  /** 0.0.0.1 and ::1 have the same last bits. */
  @Test
  void familiesAreNotMixed() throws Exception {
    VisitorTable whole = new VisitorTable(32, 128);
    assertNotSame(
        whole.enter(address("0.0.0.1")).visitor(), whole.enter(address("0:0:0:1::")).visitor());
  }

  @Test
  void whoHasNothingOpenIsForgotten() throws Exception {
    VisitorTable.Visit first = table.enter(address("192.0.2.1"));
    VisitorTable.Visit second = table.enter(address("192.0.2.1"));
    first.end().run();
    assertEquals(1, table.size());
    second.end().run();
    assertEquals(0, table.size());
  }

  @Test
  void whoClosesAllAndComesAnewFindsTheBandwidthAsItWas() throws Exception {
    AtomicLong now = new AtomicLong();
    List<Runnable> later = new ArrayList<>();
    VisitorTable paced =
        new VisitorTable(
            32,
            64,
            () -> new Visitor(Optional.of(new Bandwidth(1000, now::get))),
            (task, nanos) -> {
              assertEquals(2_000_000_000, nanos);
              later.add(task);
            });
    VisitorTable.Visit first = paced.enter(address("192.0.2.1"));
    assertEquals(0, first.visitor().send(2000));
    first.end().run();

    Visitor anew = paced.enter(address("192.0.2.1")).visitor();

    assertSame(first.visitor(), anew);
    assertTrue(anew.send(1) > 1_000_000_000);
    later.forEach(Runnable::run);
    assertSame(anew, paced.find(address("192.0.2.1")).orElseThrow());
  }

  @Test
  void whoHasHisBurstBackIsForgotten() throws Exception {
    AtomicLong now = new AtomicLong();
    List<Runnable> later = new ArrayList<>();
    VisitorTable paced =
        new VisitorTable(
            32,
            64,
            () -> new Visitor(Optional.of(new Bandwidth(1000, now::get))),
            (task, nanos) -> later.add(task));
    VisitorTable.Visit visit = paced.enter(address("192.0.2.1"));
    assertEquals(0, visit.visitor().send(2000));
    visit.end().run();
    assertEquals(1, paced.size());

    later.forEach(Runnable::run);

    assertEquals(0, paced.size());
  }

  @Test
  void aLimitIsOfWhatIsOpen() {
    Visitor visitor = new Visitor(Optional.empty());
    assertTrue(visitor.connect(1));
    assertFalse(visitor.connect(1));
    visitor.disconnect();
    assertTrue(visitor.connect(1));
    assertTrue(visitor.ask(1));
    assertFalse(visitor.ask(1));
    visitor.asked().orElseThrow().answered().run();
    assertTrue(visitor.ask(1));
  }

  @Test
  void threadsThatComeAndGoLeaveNothing() throws Exception {
    try (var threads = Executors.newFixedThreadPool(4)) {
      List<Future<Boolean>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Callable<Boolean> comings =
            () -> {
              boolean held = true;
              for (int n = 0; n < 50_000; n++) {
                VisitorTable.Visit visit = table.enter(address("192.0.2.1"));
                held &= visit.visitor().connect(4);
                visit.visitor().disconnect();
                visit.end().run();
              }
              return held;
            };
        all.add(threads.submit(comings));
      }
      for (Future<Boolean> one : all) {
        assertTrue(one.get());
      }
    }
    assertEquals(0, table.size());
  }
}
