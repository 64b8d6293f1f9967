package dev.perigee.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayoutTest {
  @Test
  void theStandardNetworkHasItsEdgesOnTheirKnownAddresses() {
    List<String> addresses = Layout.standard().edges().stream().map(EdgePlace::address).toList();

    assertEquals(List.of("127.0.1.1", "127.0.1.2", "127.0.1.3"), addresses);
    assertEquals("http://127.0.0.1:7070", Layout.standard().api());
  }

  @Test
  void noTwoPartsListenOnTheSamePlace() throws Exception {
    List<Layout.Listener> listeners = Layout.within("127.91.7").listeners();
    long places =
        listeners.stream().map(l -> l.host() + ":" + l.port() + l.udp()).distinct().count();

    assertEquals(listeners.size(), places);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0", "127.1", "127.256.1", "127.1.1.1", "127.01.1"})
  void whatIsNoLoopbackNetworkIsRefused(String network) {
    assertThrows(LocalException.class, () -> Layout.within(network));
  }
}
