package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What two parsers in a row could read differently is refused, and reaches no origin; what is sound
 * reaches it as it is. The cases are lines of {@code door/requests.cases}.
 */
@ExtendWith(NothingLeaks.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
final class StrictRequestsIT {
  private static final int PATIENCE_MILLIS = 10_000;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3}) [A-Z]");
  private static final String[] TARGETS = {
    "/", "/a", "/b", "/c", "/a?b", "/a%20b", "/%C3%A9", "/a?b=%2F", "//other.example/a", "/smuggled"
  };

  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    origin = ScriptedOrigin.start();
    for (String target : TARGETS) {
      origin.on(target, call -> call.ok("ok", "Cache-Control: no-store"));
    }
    edge = new EdgeUnderTest(directory, origin.port());
  }

  @AfterAll
  void stop() throws Exception {
    edge.close();
    origin.close();
  }

  static List<DoorCase> cases() {
    return DoorCase.of("requests.cases");
  }

  @Test
  void thereAreManyCasesAndNoneTwice() {
    List<String> texts = cases().stream().map(DoorCase::text).toList();
    assertTrue(texts.size() >= 200, "" + texts.size());
    assertEquals(texts.size(), texts.stream().distinct().count());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void inOnePiece(DoorCase one) throws Exception {
    check(one, Integer.MAX_VALUE);
  }

  /** It does not matter how the octets are cut, so the door never decides by a part. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void inPieces(DoorCase one) throws Exception {
    byte[] octets = one.octets();
    check(one, Math.max(7, octets.length / 20));
  }

  private void check(DoorCase one, int piece) throws Exception {
    int before = origin.requests().size();
    String answers = exchange(one, piece);
    assertEquals(one.statuses(), statuses(answers), () -> one.sentence() + "\n" + answers);
    Awaitility.await().until(() -> edge.openRequests() == 0);
    List<ScriptedOrigin.Seen> seen = origin.requests();
    List<String> reached =
        seen.subList(before, seen.size()).stream()
            .map(request -> request.method() + " " + request.target() + " " + request.bodyBytes())
            .toList();
    assertEquals(one.reached(), reached, one::sentence);
  }

  /** Everything that comes back until the node ends the connection. */
  private String exchange(DoorCase one, int piece) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), edge.port())) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(PATIENCE_MILLIS);
      send(socket, one.octets(), piece);
      InputStream in = socket.getInputStream();
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      if (!one.isClosed()) {
        while (!isWhole(one, all)) {
          int octet = in.read();
          assertFalse(octet < 0, () -> one.sentence() + "\n" + text(all));
          all.write(octet);
        }
        socket.shutdownOutput();
      }
      in.transferTo(all);
      return text(all);
    }
  }

  /** Whether as many answers have begun as are expected; their bodies come with them. */
  private static boolean isWhole(DoorCase one, ByteArrayOutputStream all) {
    return statuses(text(all)).size() >= one.statuses().size();
  }

  private static void send(Socket socket, byte[] octets, int piece) throws IOException {
    try {
      for (int from = 0; from < octets.length; from += piece) {
        socket.getOutputStream().write(octets, from, Math.min(piece, octets.length - from));
        socket.getOutputStream().flush();
      }
    } catch (SocketException e) {
      // The node has answered and gone already: what it said is what counts.
      return;
    }
  }

  private static String text(ByteArrayOutputStream all) {
    return all.toString(StandardCharsets.ISO_8859_1);
  }

  private static List<Integer> statuses(String answers) {
    return new ArrayList<>(
        STATUS.matcher(answers).results().map(found -> Integer.valueOf(found.group(1))).toList());
  }
}
