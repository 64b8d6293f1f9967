package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.ClientCertificates;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.Edit;
import dev.perigee.control.store.Rollout;
import dev.perigee.control.store.TestPem;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Sites that ask readers for certificates come to no node that would let everybody in. */
class AskingSitesIT {
  private final TestControl control;

  AskingSitesIT() throws Exception {
    control = new TestControl();
  }

  @AfterEach
  void close() {
    control.close();
  }

  private static SiteConfig site(String id) {
    return new SiteConfig(
        id,
        List.of(id + ".example"),
        List.of(new OriginUrl("https", "origin.example", 443)),
        Set.of(),
        false,
        false);
  }

  private static SiteConfig asking(String id) throws Exception {
    byte[] pem = TestPem.authority("readers").certificate().getBytes(StandardCharsets.US_ASCII);
    byte[] der =
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(pem))
            .getEncoded();
    return site(id)
        .withClientCertificates(
            new ClientCertificates(ClientCertificates.Mode.REQUIRED, List.of(Bytes.copyOf(der))));
  }

  private TestEdge node(TestControl.Identity identity, long revision, boolean asks)
      throws Exception {
    TestEdge edge = control.stream(Optional.of(identity));
    edge.say(
        new FromEdge.Hello(
            "fra-1",
            "test",
            revision,
            0,
            control.numbers.head().logId(),
            asks ? Set.of(FromEdge.Hello.CLIENT_CERTIFICATES) : Set.of(),
            List.of()));
    edge.next(FromControl.Welcome.class);
    if (revision > 0) {
      edge.say(new FromEdge.Ack("", revision, List.of())); // as nodes say what they have
    }
    return edge;
  }

  private static FromControl.Update next(TestEdge edge) throws Exception {
    FromControl.Update update = edge.next(FromControl.Update.class);
    edge.say(new FromEdge.Ack(update.nonce(), update.revision(), List.of()));
    return update;
  }

  private static List<String> ids(FromControl.Update update) {
    return update.sites().stream().map(SiteConfig::id).sorted().toList();
  }

  /** No readers are sent to it: so nobody minds what it lacks. */
  private void drained() throws Exception {
    try (var connection = control.postgres.connect();
        var statement = connection.prepareStatement("UPDATE node SET draining = true")) {
      assertEquals(1, statement.executeUpdate());
    }
  }

  private void committed(Change<SiteConfig> change) {
    assertInstanceOf(Change.Committed.class, change);
    control.numbers.stir();
  }

  @Test
  void anEarlierBuildHasNeitherSuchASiteNorOneThatBecomesOne() throws Exception {
    committed(control.sites.add(site("open")));
    committed(control.sites.add(site("shop")));
    TestControl.Identity identity = control.enrolled("fra-1", "eu");
    TestEdge old = node(identity, 0, false);
    assertEquals(List.of("open", "shop"), ids(next(old)));
    drained();
    committed(control.sites.replace(asking("shop")));
    assertEquals(List.of("shop"), next(old).removedSites());
    committed(control.sites.add(asking("vault")));
    assertEquals(List.of(), next(old).sites());
  }

  @Test
  void aNodeThatIsUpdatedOrTakenBackGetsAllAnew() throws Exception {
    committed(control.sites.add(site("open")));
    committed(control.sites.add(asking("vault")));
    TestControl.Identity identity = control.enrolled("fra-1", "eu");
    FromControl.Update first = next(node(identity, 0, false));
    assertEquals(List.of("open"), ids(first));
    FromControl.Update updated = next(node(identity, first.revision(), true));
    assertEquals(0, updated.fromRevision());
    assertEquals(List.of("open", "vault"), ids(updated));
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> control.nodes.mayGoOn("fra-1", true));
    FromControl.Update back = next(node(identity, updated.revision(), false));
    assertEquals(0, back.fromRevision());
    assertEquals(List.of("open"), ids(back));
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> !control.nodes.mayGoOn("fra-1", true));
  }

  @Test
  void aNodeWhoseSnapshotDidNotComeGetsItAnew() throws Exception {
    committed(control.sites.add(site("open")));
    committed(control.sites.add(asking("vault")));
    TestControl.Identity identity = control.enrolled("fra-1", "eu");
    FromControl.Update first = next(node(identity, 0, false));
    TestEdge broken = node(identity, first.revision(), true);
    broken.next(FromControl.Update.class); // is never acknowledged
    broken.say(new FromEdge.Ping());
    broken.next(FromControl.Pong.class); // what was said before has been read
    assertFalse(control.nodes.mayGoOn("fra-1", true));
    FromControl.Update again = next(node(identity, first.revision(), true));
    assertEquals(0, again.fromRevision());
    assertEquals(List.of("open", "vault"), ids(again));
  }

  @Test
  void aNodeThatWasTakenBackWhileNoSiteAskedGetsAllAnewWhenItIsUpdated() throws Exception {
    committed(control.sites.add(site("open")));
    TestControl.Identity identity = control.enrolled("fra-1", "eu");
    control.nodes.took("fra-1", true);
    TestEdge old = node(identity, 0, false);
    assertEquals(List.of("open"), ids(next(old)));
    drained();
    committed(control.sites.replace(asking("open")));
    FromControl.Update removed = next(old);
    assertEquals(List.of("open"), removed.removedSites());
    FromControl.Update updated = next(node(identity, removed.revision(), true));
    assertEquals(0, updated.fromRevision());
    assertEquals(List.of("open"), ids(updated));
  }

  @Test
  void aCanaryGoesOnOnlyFromWhatItTookAsOneThatAsks() throws Exception {
    committed(control.sites.add(site("open")));
    TestControl.Identity identity = control.enrolled("fra-1", "eu");
    drained();
    assertTrue(control.nodes.mayGoOn("fra-1", true));
    Rollout.Plan plan = new Rollout.Plan(Optional.empty(), 100, 100);
    assertInstanceOf(
        Change.Committed.class,
        control.rolloutStore.begin(asking("open"), List.of("fra-1"), plan, Edit.PLAIN));
    control.numbers.stir();
    FromControl.Update first = next(node(identity, 0, false));
    assertEquals(List.of(), ids(first));
    FromControl.Update updated = next(node(identity, first.revision(), true));
    assertEquals(0, updated.fromRevision());
    assertEquals(List.of("open"), ids(updated));
  }

  @Test
  void noSiteAsksWhileANodeThatReadersAreSentToWouldLackIt() throws Exception {
    committed(control.sites.add(site("open")));
    TestControl.Identity identity = control.enrolled("fra-1", "eu");
    FromControl.Update first = next(node(identity, 0, false));
    Change<SiteConfig> refused = control.sites.replace(asking("open"));
    String why = assertInstanceOf(Change.Invalid.class, refused).problems().toString();
    assertTrue(why.contains("the node fra-1 would not serve"), why);
    TestEdge updated = node(identity, first.revision(), true);
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> control.sites.replace(asking("open")) instanceof Change.Committed);
    control.numbers.stir();
    FromControl.Update delta = next(updated);
    assertEquals(first.revision(), delta.fromRevision());
    assertEquals(List.of("open"), ids(delta));
  }

  @Test
  void noSiteAsksWhileAControlPlaneOfAnEarlierBuildRuns() throws Exception {
    try (var connection = control.postgres.connect();
        var statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO replica (id, address, build)"
              + " VALUES (gen_random_uuid(), '127.0.0.1:1', 'before')");
      Change<SiteConfig> refused = control.sites.add(asking("vault"));
      String why = assertInstanceOf(Change.Invalid.class, refused).problems().toString();
      assertTrue(why.contains("earlier build"), why);
      statement.execute("DELETE FROM replica WHERE build = 'before'");
    }
    committed(control.sites.add(asking("vault")));
  }
}
