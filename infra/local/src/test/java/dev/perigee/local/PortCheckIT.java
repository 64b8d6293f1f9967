package dev.perigee.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.Test;

class PortCheckIT {
  @Test
  void aPortInUseIsOneSentenceThatNamesIt() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      LocalException refusal =
          assertThrows(
              LocalException.class,
              () ->
                  PortCheck.requireFree(
                      List.of(new Layout.Listener("127.0.0.1", port, false, "the tea"))));

      assertEquals(
          "TCP port "
              + port
              + " of 127.0.0.1 is in use by another program; it is needed for the tea",
          refusal.getMessage());
    }
  }
}
