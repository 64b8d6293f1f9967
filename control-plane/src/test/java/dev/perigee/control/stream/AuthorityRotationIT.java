package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.JoinToken;
import dev.perigee.control.pki.AuthorityRotation.Stage;
import dev.perigee.control.pki.AuthorityRotation.State;
import dev.perigee.control.pki.EdgeAuthority;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.Replica;
import dev.perigee.control.store.ReplicaStore;
import dev.perigee.control.stream.TestControl.Identity;
import dev.perigee.testkit.NothingLeaks;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One edge CA takes the place of another over real streams; and certificates that end early. */
final class AuthorityRotationIT {
  @RegisterExtension final NothingLeaks nothingLeaks = NothingLeaks.watchingThreads("stream-.*");

  private TestControl control;

  @BeforeEach
  void start() throws IOException {
    control = new TestControl();
  }

  @AfterEach
  void stop() {
    control.close();
  }

  private TestEdge connect(Identity node) throws IOException {
    TestEdge edge = control.stream(Optional.of(node));
    edge.say(
        new FromEdge.Hello(node.node(), "test", 0, 0, "", Set.of(FromEdge.Hello.TRUST), List.of()));
    return edge;
  }

  /** What it is told of whom to trust, as fingerprints. */
  private static List<String> told(TestEdge edge) throws Exception {
    while (true) {
      FromControl said =
          edge.within(20_000).orElseThrow(() -> new AssertionError("it is told of nobody"));
      if (said instanceof FromControl.Trust trust) {
        List<String> prints = new ArrayList<>();
        for (Bytes der : trust.authorities()) {
          prints.add(EdgeAuthority.fingerprint(certificate(der)));
        }
        return prints;
      }
    }
  }

  private static X509Certificate certificate(Bytes der) throws GeneralSecurityException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(der.toArray()));
  }

  private static String refusal(Change<State> change) {
    return assertInstanceOf(Change.Conflict.class, change).problem().reason();
  }

  private void awaitNobody() {
    Awaitility.await()
        .untilAsserted(() -> assertEquals(List.of(), control.rotation.state().waitingFor()));
  }

  @Test
  void eachStepWaitsForEverybodyAndNobodyIsRefused() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    String old = control.authority.fingerprint();
    try (TestEdge edge = connect(fra)) {
      assertEquals(List.of(old), told(edge));
      State begun = TestControl.committed(control.rotation.begin());
      String next = begun.next().orElseThrow().fingerprint();
      assertEquals(List.of(old, next), told(edge));
      assertTrue(refusal(control.rotation.switchOver(false)).contains("fra-1"));
      edge.say(new FromEdge.Trusted(List.of(old, next)));
      awaitNobody();
      assertEquals(
          Stage.SWITCHED, TestControl.committed(control.rotation.switchOver(false)).stage());
      assertEquals(List.of(next, old), told(edge));
      assertEquals(next, control.authority.fingerprint());
      assertTrue(refusal(control.rotation.finish(false)).contains("fra-1"));
    }
    // The certificate of the CA before is good still, and gets one of the new one.
    Identity renewed = control.renew(fra);
    renewed.certificate().verify(control.authority.certificate().getPublicKey());
    try (TestEdge edge = connect(fra)) {
      edge.next(FromControl.Welcome.class);
    }
    try (TestEdge edge = connect(renewed)) {
      edge.next(FromControl.Welcome.class);
    }
    awaitNobody();
    assertEquals(Stage.STEADY, TestControl.committed(control.rotation.finish(false)).stage());
    assertEquals(1, control.authority.trusted().size());
    try (TestEdge edge = connect(renewed)) {
      edge.next(FromControl.Welcome.class);
    }
  }

  @Test
  void whatTheCaBeforeSignedIsRefusedOnceItIsForgotten() throws Exception {
    Identity left = control.enrolled("fra-1", "eu");
    TestControl.committed(control.rotation.begin());
    assertTrue(refusal(control.rotation.finish(true)).contains("switch"));
    TestControl.committed(control.rotation.switchOver(true));
    TestControl.committed(control.rotation.finish(true));
    try (TestEdge edge = connect(left)) {
      assertEquals(Status.Code.UNAVAILABLE, edge.ended().getCode(), "not even a handshake");
    }
    assertThrows(StatusRuntimeException.class, () -> control.renew(left));
    try (TestEdge edge = connect(control.enrol(control.enrolments.issue("fra-1")))) {
      edge.next(FromControl.Welcome.class);
    }
  }

  @Test
  void aControlPlaneThatKnowsNothingOfItIsWaitedForEvenByForce() throws Exception {
    ReplicaStore store = new ReplicaStore(control.postgres.database());
    Replica earlier = new Replica(UUID.randomUUID().toString(), "192.0.2.7:7443", "earlier");
    store.beat(earlier);
    control.postgres.execute("UPDATE replica SET trusts = NULL, shows = NULL");
    assertTrue(refusal(control.rotation.begin()).contains("192.0.2.7:7443 is of a build"));
    store.leave(earlier);
    TestControl.committed(control.rotation.begin());
    store.beat(earlier);
    assertTrue(refusal(control.rotation.switchOver(true)).contains("192.0.2.7:7443"));
    assertTrue(refusal(control.rotation.begin()).contains("under way"));
  }

  @Test
  void aNewCaIsTakenBackWhileItDoesNotSign() throws Exception {
    String before = control.authority.fingerprint();
    TestControl.committed(control.rotation.begin());
    assertEquals(2, control.authority.trusted().size());
    TestControl.committed(control.rotation.cancel());
    assertEquals(before, control.authority.fingerprint());
    assertEquals(1, control.authority.trusted().size());
    assertTrue(refusal(control.rotation.cancel()).contains("no new CA"));
  }

  @Test
  void twoControlPlanesAgreeAndShowTheNewCertificateToEachOther() throws Exception {
    try (TestControl other = new TestControl(control.postgres)) {
      TestControl.committed(control.rotation.begin());
      other.fleetAuthority.look();
      assertEquals(control.authority.trusted(), other.authority.trusted());
      TestControl.committed(other.rotation.switchOver(false));
      // This one has not looked yet: it shows the old one, and both believe each other.
      assertNotEquals(control.authority.fingerprint(), other.authority.fingerprint());
      assertLinked(other);
      control.fleetAuthority.look();
      assertLinked(other);
      TestControl.committed(control.rotation.finish(false));
      other.fleetAuthority.look();
      assertLinked(other);
    }
  }

  /** Whether each hears the other over a new link. */
  private void assertLinked(TestControl other) {
    for (TestControl one : List.of(control, other)) {
      TestControl peer = one == control ? other : control;
      one.links.follow(List.of());
      one.links.follow(List.of(peer.replica));
      java.time.Instant begun = one.clock.instant().plusMillis(1);
      one.clock.advance(Duration.ofMillis(2));
      String which =
          (one == control ? "this" : "the other") + " hears, stage " + one.rotation.state().stage();
      Awaitility.await(which).until(() -> one.links.hearsQuorumSince(begun));
      one.links.follow(List.of());
    }
  }

  @Test
  void anExpiredCertificateIsGoodForItsRenewalAlone() throws Exception {
    Identity old = control.enrolled("fra-1", "eu");
    control.clock.advance(Duration.ofDays(31));
    try (TestEdge edge = connect(old)) {
      Status status = edge.ended();
      assertEquals(Status.Code.PERMISSION_DENIED, status.getCode());
      assertTrue(String.valueOf(status.getDescription()).contains("renewal alone"));
    }
    Identity fresh = control.renew(old);
    try (TestEdge edge = connect(fresh)) {
      edge.next(FromControl.Welcome.class);
    }
    assertThrows(StatusRuntimeException.class, () -> control.renew(old));
  }

  @Test
  void whoIsRemovedOrEnrolledAnewIsNamedToAllOthersAsRevoked() throws Exception {
    Identity fra = control.enrolled("fra-1", "eu");
    Identity iad = control.enrolled("iad-1", "us");
    Identity renewed = control.renew(iad);
    try (TestEdge edge = connect(renewed)) {
      told(edge);
      assertEquals(List.of(), control.authorities.revoked(), "a renewal revokes nothing");
      control.nodes.remove("fra-1");
      control.fleetAuthority.look();
      FromControl.Trust trust = trust(edge);
      assertEquals(List.of(serial(fra)), trust.revoked());
      control.nodes.add(TestControl.node("fra-1", "eu"));
      Identity again = control.enrol(control.enrolments.issue("fra-1"));
      JoinToken token = control.enrolments.issue("fra-1");
      control.enrol(token);
      control.fleetAuthority.look();
      trust = trust(edge);
      assertEquals(Set.of(serial(fra), serial(again)), Set.copyOf(trust.revoked()));
      assertFalse(trust.revoked().contains(serial(renewed)));
    }
  }

  private static FromControl.Trust trust(TestEdge edge) throws Exception {
    while (true) {
      if (edge.within(20_000).orElseThrow() instanceof FromControl.Trust trust) {
        return trust;
      }
    }
  }

  private static String serial(Identity identity) {
    return identity.certificate().getSerialNumber().toString(16);
  }
}
