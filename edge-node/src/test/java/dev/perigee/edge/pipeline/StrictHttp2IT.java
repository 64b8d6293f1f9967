package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The door over HTTP/2; the cases are lines of {@code door/http2.cases}. */
@ExtendWith(NothingLeaks.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
final class StrictHttp2IT {
  private static final String REST = ":scheme=http, :authority=www.shop.example, :path=/a";

  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    origin = ScriptedOrigin.start();
    origin.on("/a", call -> call.ok("ok", "Cache-Control: no-store"));
    edge = new EdgeUnderTest(directory, origin.port());
  }

  @AfterAll
  void stop() throws Exception {
    edge.close();
    origin.close();
  }

  /**
   * One line.
   *
   * @param body octets of DATA; less than 0 for none
   */
  record Case(String sentence, boolean isSound, List<String> fields, int body) {
    Case {
      fields = List.copyOf(fields);
    }

    @Override
    public String toString() {
      return sentence.split(":", 2)[0] + ": " + fields + " " + body;
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    String sentence = "";
    for (String line : DoorCase.lines("http2.cases")) {
      if (line.startsWith("= ")) {
        sentence = line.substring(2);
      } else if (!line.isEmpty() && !line.startsWith("#")) {
        String[] parts = line.split(" \\| ", 3);
        int body = parts[2].equals("-") ? -1 : Integer.parseInt(parts[2]);
        cases.add(new Case(sentence, parts[0].equals("200"), fields(parts[1]), body));
      }
    }
    return cases;
  }

  private static List<String> fields(String text) {
    String whole =
        text.replace("{R}", ":method=GET, " + REST).replace("{U}", ":method=POST, " + REST);
    return Arrays.stream(whole.split(", ", -1))
        .map(field -> new String(DoorCase.unescaped(field), StandardCharsets.ISO_8859_1))
        .toList();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void whatIsRefusedReachesNoOrigin(Case one) throws Exception {
    int before = origin.requests().size();
    String outcome;
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), edge.port());
    try (FrameClient client = new FrameClient(socket)) {
      boolean bodiless = one.body() < 0;
      int flags = FrameClient.END_HEADERS | (bodiless ? FrameClient.END_STREAM : 0);
      client.frame(FrameClient.HEADERS, flags, 1, FrameClient.block(one.fields()));
      if (!bodiless) {
        client.frame(FrameClient.DATA, FrameClient.END_STREAM, 1, new byte[one.body()]);
      }
      outcome = client.outcome(1);
    }
    Awaitility.await().until(() -> edge.openRequests() == 0);
    int reached = origin.requests().size() - before;
    if (one.isSound()) {
      assertEquals("200", outcome, one.sentence());
      assertEquals(1, reached);
      List<String> hosts = origin.requests().getLast().all("Host");
      assertEquals(List.of(EdgeUnderTest.HOST), hosts, one.sentence());
    } else {
      List<String> refused = List.of("400", "405", "501", "reset", "goaway", "end");
      assertTrue(refused.contains(outcome), () -> one.sentence() + " got " + outcome);
      assertEquals(0, reached, one.sentence());
    }
  }
}
