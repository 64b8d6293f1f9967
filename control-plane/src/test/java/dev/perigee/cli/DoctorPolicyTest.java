package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong is told apart from what only will be. */
final class DoctorPolicyTest {
  private static final Instant NOW = Instant.parse("2026-11-27T12:00:00Z");

  private static JsonNode json(String text) throws IOException {
    return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static void assertLevel(String level, Finding finding) {
    assertEquals(level, finding.level().name(), finding.toString());
    assertEquals(level.equals("OK"), finding.todo().isEmpty(), "what to do is said");
  }

  @ParameterizedTest
  @CsvSource({"00, OK", "04, OK", "10, WARN", "59, WARN"})
  void aClockThatIsAheadByLittleWarns(String second, String level) {
    String date = "Fri, 27 Nov 2026 12:00:%s GMT".formatted(second);
    assertLevel(level, DoctorPolicy.clock(Optional.of(date), NOW));
  }

  @Test
  void aClockThatIsFarOffFails() {
    String date = "Fri, 27 Nov 2026 11:00:00 GMT";
    Finding found = DoctorPolicy.clock(Optional.of(date), NOW);
    assertLevel("FAIL", found);
    assertEquals("3600 s ahead", found.says());
    assertLevel("WARN", DoctorPolicy.clock(Optional.of("soon"), NOW));
    assertLevel("WARN", DoctorPolicy.clock(Optional.empty(), NOW));
  }

  @Test
  void aTokenInTheClearWarnsBeyondLoopback() {
    assertLevel("OK", DoctorPolicy.transport(URI.create("http://127.0.0.1:1/"), List.of(), NOW));
    assertLevel("WARN", DoctorPolicy.transport(URI.create("http://192.0.2.1/"), List.of(), NOW));
  }

  @ParameterizedTest
  @CsvSource({
    "2027-06-01T00:00:00Z, OK",
    "2026-12-01T00:00:00Z, WARN",
    "2026-11-01T00:00:00Z, FAIL"
  })
  void aSitesCertificateIsNamedWhenItEnds(String end, String level) throws IOException {
    JsonNode one = json("{'items':[{'hosts':['a.example'],'notAfter':'%s'}]}".formatted(end));
    assertLevel(level, DoctorPolicy.certificates(one, NOW).getFirst());
  }

  @ParameterizedTest
  @CsvSource({"2027-06-01T00:00:00Z, OK", "2026-11-28T00:00:00Z, WARN", "never, OK"})
  void aTokenThatExpiresSoonWarns(String end, String level) throws IOException {
    JsonNode self = json("{'name':'ann','role':'owner','expiresAt':'%s'}".formatted(end));
    assertLevel(level, DoctorPolicy.token(self, NOW));
  }

  @Test
  void nodesThatAreNotWellAreNamed() throws IOException {
    String well = "'enrolled':true,'connected':true,'healthy':true";
    JsonNode nodes =
        json(
            "{'items':[{'name':'a',%s},{'name':'b',%s},{'name':'c','enrolled':true}]}"
                .formatted(well, well));
    List<Finding> found = DoctorPolicy.nodes(nodes);
    assertEquals("a b", found.getFirst().says());
    assertLevel("FAIL", found.get(1));
    assertEquals(2, found.size(), found.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "cdn.example, true",
    "test, true",
    "a.example.com, true",
    "cdn.notexample, false",
    "cdn.net, false",
    "example.cdn.de, false"
  })
  void aZoneForTrialsIsKnown(String zone, boolean trials) {
    assertEquals(trials, DoctorPolicy.isForTrials(zone));
  }

  @Test
  void whatTheDelegationsCheckFoundHasItsLevel() {
    Finding bad = DoctorPolicy.delegation("a.de", Delegation.Finding.error("ns1", "no", "do"));
    assertEquals(Finding.fail("zone a.de, ns1", "no", "do"), bad);
    assertLevel("OK", DoctorPolicy.delegation("a.de", Delegation.Finding.ok("ns1", "yes")));
    assertLevel(
        "WARN", DoctorPolicy.delegation("a.de", Delegation.Finding.warning("ns1", "no", "do")));
  }

  @ParameterizedTest
  @CsvSource({"1024, FAIL", "20000, WARN", "1048576, OK"})
  void fewOpenFilesAreNamed(long limit, String level) {
    assertLevel(level, DoctorPolicy.openFiles(limit));
  }

  @ParameterizedTest
  @CsvSource({"500, 100000, FAIL", "4000, 100000, WARN", "50000, 100000, OK"})
  void littleRoomIsNamed(long usable, long total, String level) {
    assertLevel(level, DoctorPolicy.space("/x", usable << 20, total << 20));
  }

  @Test
  void treesComeBackAsTheyWere() throws IOException {
    String text = "{'a':[1,2.5,true,null,'x',12345678901,{}],'b':123456789012345678901234567890}";
    JsonNode tree = json(text);
    assertEquals(text.replace('\'', '"'), new String(Json.write(tree), StandardCharsets.UTF_8));
    assertEquals(tree.toPrettyString(), Json.pretty(tree));
    for (String wrong : List.of("", "{", "{} {}", "nothing")) {
      boolean read = true;
      try {
        json(wrong);
      } catch (IOException e) {
        read = false;
      }
      assertFalse(read, wrong);
    }
    assertTrue(Json.object().isEmpty());
  }
}
