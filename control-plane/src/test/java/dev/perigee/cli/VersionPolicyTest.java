package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Builds that differ are told apart, with the order in which they are updated. */
final class VersionPolicyTest {
  private static JsonNode json(String text) throws IOException {
    return Json.read(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static List<Finding> judge(String client, String asked, String planes, String nodes)
      throws IOException {
    String all = items(planes, "{'address':'c-%d:7443','version':'%s'}", "{'version':'%s'", asked);
    String fleet = items(nodes, "{'name':'n-%d','connected':true,'version':'%s'}", "{", "");
    return VersionPolicy.judge(client, json(all), json(fleet));
  }

  /** A list of one item for each version. */
  private static String items(String versions, String item, String head, String version) {
    List<String> each = List.of(versions.split(" ", -1));
    String list =
        IntStream.range(0, each.size())
            .mapToObj(i -> item.formatted(i, each.get(i)))
            .collect(Collectors.joining(","));
    return head.equals("{")
        ? "{'items':[%s]}".formatted(list)
        : head.formatted(version) + ",'controlPlanes':[%s]}".formatted(list);
  }

  @Test
  void oneBuildIsWell() throws IOException {
    List<Finding> found = judge("2", "2", "2 2", "2 2 2");
    assertEquals(1, found.size(), found.toString());
    assertEquals(Finding.ok("versions", "2: client, control planes 2, nodes 3"), found.getFirst());
  }

  @ParameterizedTest
  @CsvSource({
    "2, 2, 2 1, 2 2, versions of control planes, 1 on c-1:7443; 2 on c-0:7443",
    "2, 2, 2 2, 1 2, versions of nodes, 1 on n-0; 2 on n-1",
    "2, 2, 2 2, 1 1, versions, 'control planes 2, nodes 1'",
    "1, 2, 2 2, 2 2, version of the client, '1, of the control plane that it asks 2'"
  })
  void whatDiffersIsNamedWithWhatToDo(
      String client, String asked, String planes, String nodes, String what, String says)
      throws IOException {
    List<Finding> found = judge(client, asked, planes, nodes);
    assertEquals(1, found.size(), found.toString());
    Finding one = found.getFirst();
    assertEquals(Finding.Level.WARN, one.level());
    assertEquals(what, one.what());
    assertEquals(says, one.says());
    assertTrue(one.todo().contains(client.equals(asked) ? "then the nodes" : "use the client"));
  }

  @Test
  void allThatDiffersIsNamed() throws IOException {
    List<String> what = judge("3", "2", "2 1", "1 2").stream().map(Finding::what).toList();
    assertEquals(
        List.of("versions of control planes", "versions of nodes", "version of the client"), what);
  }

  @Test
  void aControlPlaneThatDoesNotTellIsTheOlderOne() throws IOException {
    List<Finding> found = VersionPolicy.judge("2", json("{'revision':1}"), json("{'items':[]}"));
    assertEquals(Finding.Level.WARN, found.getFirst().level());
    assertTrue(found.getFirst().says().contains("older than this client (2)"));
  }

  @Test
  void whoIsNotConnectedCountsForNothingAndManyAreNotAllNamed() throws IOException {
    JsonNode gone = json("{'items':[{'name':'n','connected':false,'version':'1'}]}");
    assertEquals(
        Finding.Level.OK,
        VersionPolicy.judge("2", json("{'version':'2'}"), gone).getFirst().level());
    List<Finding> many = judge("2", "2", "2", "1 1 1 1 1 1 1 2");
    assertTrue(many.getFirst().says().contains("n-4 and 2 more; 2 on n-7"), many.toString());
  }
}
