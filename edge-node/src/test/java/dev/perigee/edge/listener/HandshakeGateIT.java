package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.NothingLeaks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Handshakes that are under way: there are never more than may be, and each leaves its place. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class HandshakeGateIT {
  private static final int MOST = 20;
  private static final int PATIENCE_MILLIS = 20_000;
  private EdgeListener listener;

  @BeforeEach
  void start() throws Exception {
    DoorLimits usual = DoorLimits.DEFAULT;
    DoorLimits few =
        new DoorLimits(
            usual.addressConnections(),
            usual.addressRequests(),
            32,
            64,
            usual.bodyPace(),
            usual.readerPace(),
            usual.streams(),
            usual.resets(),
            usual.controlFrames(),
            MOST,
            0,
            usual.unsentBytes());
    listener =
        new EdgeListener(
            ListenerConfig.of(List.of("127.0.0.1"), 0, 0).with(few),
            exchange -> {},
            Optional.of(SSLContext.getDefault()),
            RandomGenerator.getDefault());
    listener.start();
  }

  @AfterEach
  void stop() {
    listener.close();
  }

  private Socket open() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.port("https"));
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  @Test
  void oneTooManyIsClosedAndOneThatGoesMakesRoom() throws Exception {
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < MOST; i++) {
        silent.add(open());
      }
      Awaitility.await().until(() -> listener.handshakes() == MOST);
      try (Socket further = open()) {
        assertEquals(-1, further.getInputStream().read());
      }
      assertEquals(1, listener.refused(DoorReason.HANDSHAKES));
    } finally {
      for (Socket socket : silent) {
        socket.close();
      }
    }
    Awaitility.await().until(() -> listener.handshakes() == 0);
  }

  /** What is no handshake ends at once, and all of a crowd have their turn. */
  @Test
  void aCrowdThatComesAtOnceIsAllSeenTo() throws Exception {
    List<Socket> crowd = new ArrayList<>();
    try {
      for (int i = 0; i < MOST; i++) {
        crowd.add(open());
      }
      for (Socket socket : crowd) {
        socket.getOutputStream().write(new byte[] {'n', 'o', ' ', 'T', 'L', 'S', '!', '!'});
      }
      for (Socket socket : crowd) {
        int octet = socket.getInputStream().read();
        // an alert, or the end
        assertTrue(octet == 0x15 || octet == -1, "octet " + octet);
      }
    } finally {
      for (Socket socket : crowd) {
        socket.close();
      }
    }
    Awaitility.await().until(() -> listener.handshakes() == 0);
  }
}
