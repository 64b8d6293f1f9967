package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.ContentCoding;
import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.edge.respond.coding.TestCodings;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Between nodes travels what the origin sent; each node codes for its own readers. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class CodingBetweenNodesIT {
  private static final String BODY = TestCodings.text("a", 20_000);
  private static final String BR = "Accept-Encoding: br, gzip";

  private ScriptedOrigin origin;
  private NetworkUnderTest network;

  @BeforeEach
  void start(@TempDir Path folder) throws Exception {
    origin = ScriptedOrigin.start();
    network = new NetworkUnderTest(folder, origin.port(), 100);
    network.add("edge-1", "eu", false);
    network.add("edge-2", "eu", false);
    network.add("shield-1", "us", true);
    network.configure();
  }

  @AfterEach
  void stop() throws Exception {
    network.close();
    origin.close();
  }

  private Response get(String node, String... fields) throws Exception {
    NetworkUnderTest.Node one = network.node(node);
    Awaitility.await().until(() -> one.representations().compressor().waiting() == 0);
    return one.get("/a", fields);
  }

  private Response third(String node) throws Exception {
    get(node, BR);
    Awaitility.await().until(network.node(node)::isIdle);
    get(node, BR);
    return get(node, BR);
  }

  @Test
  void eachNodeCompressesForItsOwnReadersAndOnePurgeClearsAll() throws Exception {
    AtomicReference<String> now = new AtomicReference<>(BODY);
    origin.on(
        "/a",
        call ->
            call.ok(
                now.get(), "Content-Type: text/css", "Cache-Control: max-age=60", "ETag: \"1\""));
    for (String node : List.of("edge-1", "edge-2")) {
      Response coded = third(node);
      assertEquals(BODY, TestCodings.decoded(ContentCoding.BR, coded.body()));
      assertEquals(List.of("Accept-Encoding"), coded.all("Vary"));
      assertEquals(1, network.node(node).representations().compressor().compressed());
    }
    assertEquals(0, network.node("shield-1").representations().compressor().compressed());
    assertEquals(1, origin.requests("/a").size());
    String other = TestCodings.text("b", 20_000);
    now.set(other);
    network.purge(
        new PurgeScope.Url(NetworkUnderTest.HOST, "/a"), false, "edge-1", "edge-2", "shield-1");
    assertEquals(other, get("edge-1", BR).body());
    assertEquals(other, get("edge-2").body());
    assertEquals(2, origin.requests("/a").size());
  }

  /** The shield keeps it as it is, and who asks the shield undoes it for his reader. */
  @Test
  void whatTheOriginCodedIsUndoneWhereItsReaderIs() throws Exception {
    String coded = TestCodings.coded(ContentCoding.GZIP, BODY);
    origin.on("/a", call -> call.ok(coded, "Content-Encoding: gzip", "Cache-Control: max-age=60"));
    Response plain = get("edge-1");
    assertEquals(BODY, plain.body());
    assertEquals(coded, get("edge-2", "Accept-Encoding: gzip").body());
    assertEquals(0, network.node("shield-1").representations().decodings().decoded());
    assertTrue(network.node("edge-1").representations().decodings().decoded() > 0);
    assertEquals(1, origin.requests("/a").size());
  }
}
