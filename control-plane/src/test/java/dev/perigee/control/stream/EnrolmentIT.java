package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.JoinToken;
import dev.perigee.control.store.Node;
import dev.perigee.control.stream.TestControl.Identity;
import dev.perigee.testkit.NothingLeaks;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;

/** Join tokens are traded for certificates once, in time, by the node they are for. */
final class EnrolmentIT {
  @RegisterExtension final NothingLeaks nothingLeaks = NothingLeaks.watchingThreads("stream-.*");

  private TestControl control;

  @BeforeEach
  void start() throws IOException {
    control = new TestControl();
    control.nodes.add(TestControl.node("fra-1", "eu"));
    control.nodes.add(TestControl.node("iad-1", "us"));
  }

  @AfterEach
  void stop() {
    control.close();
  }

  private static void assertRefused(Executable call) {
    StatusRuntimeException refusal = assertThrows(StatusRuntimeException.class, call);
    assertEquals(Status.Code.PERMISSION_DENIED, refusal.getStatus().getCode());
  }

  private long tokens() throws SQLException {
    try (Connection connection = control.postgres.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT count(*) FROM join_token")) {
      assertTrue(row.next());
      return row.getLong(1);
    }
  }

  @Test
  void aTokenIsGoodForACertificateOfItsNodeAndNothingElse() throws Exception {
    Identity fra = control.enrol(control.enrolments.issue("fra-1"));
    assertEquals("CN=fra-1", fra.certificate().getSubjectX500Principal().getName());
    assertEquals(-1, fra.certificate().getBasicConstraints(), "no authority");
    assertEquals(List.of("1.3.6.1.5.5.7.3.2"), fra.certificate().getExtendedKeyUsage());
    fra.certificate().verify(control.authority.certificate().getPublicKey());
    assertEquals(List.of(true, false), control.nodes.all().stream().map(Node::enrolled).toList());
  }

  @Test
  void aNodeWhoseClockIsOffByADayFindsAllCertificatesValid() throws Exception {
    List<X509Certificate> all =
        new ArrayList<>(control.authority.controlIdentity(List.of("localhost")).chain());
    all.add(control.enrol(control.enrolments.issue("fra-1")).certificate());
    for (X509Certificate certificate : all) {
      certificate.checkValidity(Date.from(control.clock.instant().minus(Duration.ofDays(1))));
      certificate.checkValidity(Date.from(control.clock.instant().plus(Duration.ofDays(1))));
    }
  }

  @Test
  void aTokenIsGoodOnce() throws Exception {
    JoinToken token = control.enrolments.issue("fra-1");
    control.enrol(token);
    assertRefused(() -> control.enrol(token));
  }

  @Test
  void aTokenIsGoodForADay() throws Exception {
    JoinToken late = control.enrolments.issue("fra-1");
    control.clock.advance(Duration.ofHours(24));
    assertRefused(() -> control.enrol(late));
    JoinToken inTime = control.enrolments.issue("fra-1");
    control.clock.advance(Duration.ofHours(24).minusSeconds(1));
    control.enrol(inTime);
  }

  @Test
  void expiredTokensAreForgottenWhenTheNextOneIsIssued() throws Exception {
    control.enrolments.issue("fra-1");
    control.enrolments.issue("iad-1");
    assertEquals(2, tokens());
    control.clock.advance(Duration.ofHours(25));
    control.enrolments.issue("fra-1");
    assertEquals(1, tokens());
  }

  @Test
  void aTokenOfAnotherNodeOrAGuessedOneIsRefused() throws Exception {
    JoinToken fra = control.enrolments.issue("fra-1");
    assertRefused(() -> control.enrol(new JoinToken("iad-1", fra.secret(), fra.caFingerprint())));
    assertRefused(() -> control.enrol(new JoinToken("fra-1", "A".repeat(43), fra.caFingerprint())));
    control.enrol(fra);
  }

  @Test
  void theTokenOfARemovedNodeIsRefusedAndNoneIsIssuedForIt() {
    JoinToken token = control.enrolments.issue("fra-1");
    control.nodes.remove("fra-1");
    assertRefused(() -> control.enrol(token));
    assertThrows(IllegalArgumentException.class, () -> control.enrolments.issue("fra-1"));
  }

  @Test
  void aRenewalWhoseAnswerWasLostLocksNobodyOut() throws Exception {
    Identity old = control.enrol(control.enrolments.issue("fra-1"));
    control.renew(old);
    control.renew(old);
    Identity fresh = control.renew(old);
    assertNotEquals(old.certificate().getSerialNumber(), fresh.certificate().getSerialNumber());
    try (TestEdge edge = control.connect(old)) {
      edge.next(FromControl.Welcome.class);
    }
    Identity newest = control.renew(fresh);
    assertRefused(() -> control.renew(old));
    try (TestEdge edge = control.connect(newest)) {
      edge.next(FromControl.Welcome.class);
    }
    assertRefused(() -> control.renew(fresh));
  }

  @Test
  void theCertificateOfARemovedNodeIsNotRenewedEvenWhenItsNameIsBack() throws Exception {
    Identity old = control.enrol(control.enrolments.issue("fra-1"));
    control.nodes.remove("fra-1");
    assertRefused(() -> control.renew(old));
    control.nodes.add(TestControl.node("fra-1", "eu"));
    assertRefused(() -> control.renew(old));
  }
}
