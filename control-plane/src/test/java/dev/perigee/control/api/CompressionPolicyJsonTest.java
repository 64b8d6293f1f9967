package dev.perigee.control.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.CompressionPolicy;
import dev.perigee.contract.ContentCoding;
import dev.perigee.contract.Problem;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A site's compression as JSON. */
final class CompressionPolicyJsonTest {
  private static Input input(String json) {
    return Input.read(json.replace('\'', '"'), Set.of("compression"));
  }

  @Test
  void whatIsLeftOutIsUsual() {
    assertEquals(CompressionPolicy.DEFAULT, CompressionPolicyJson.read(input("{}")));
    assertEquals(
        CompressionPolicy.DEFAULT, CompressionPolicyJson.read(input("{'compression':{}}")));
  }

  @Test
  void itIsReadAndShownAsItWasSet() {
    CompressionPolicy read =
        CompressionPolicyJson.read(
            input(
                "{'compression':{'enabled':false,'codings':['gzip','br'],'types':['Text/*'],"
                    + "'leastBytes':500,'personal':true}}"));
    CompressionPolicy set =
        new CompressionPolicy(
            false, List.of(ContentCoding.GZIP, ContentCoding.BR), List.of("text/*"), 500, true);
    assertEquals(set, read);
    assertEquals(
        Map.of(
            "enabled",
            false,
            "codings",
            List.of("gzip", "br"),
            "types",
            List.of("text/*"),
            "leastBytes",
            500L,
            "personal",
            true),
        CompressionPolicyJson.view(read));
  }

  @Test
  void whatIsNotKnownIsNamed() {
    Input input =
        input("{'compression':{'codings':['br','rar'],'level':9,'leastBytes':'x','personal':1}}");
    CompressionPolicyJson.read(input);
    assertEquals(
        Set.of(
            "compression.codings[1]",
            "compression.level",
            "compression.leastBytes",
            "compression.personal"),
        Set.copyOf(input.problems().stream().map(Problem::field).toList()));
  }
}
