package dev.perigee.control.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.store.TestPem;
import dev.perigee.keys.ServerCertificate;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A port shows what an authority issued as long as that is good, whatever a clock said before. */
final class IssuedCertificateTest {
  private static final TestPem OWN = TestPem.rsa("localhost");
  private static final TestPem ISSUED = TestPem.ec("api.cdn.example");

  private final ServerCertificate own = ServerCertificate.read(OWN.certificate(), OWN.key());
  private final List<ServerCertificate> shown = new ArrayList<>();
  private Instant now = Instant.now();
  private final IssuedCertificate source = new IssuedCertificate("API", own, () -> now);

  IssuedCertificateTest() throws IOException {
    source.follow(shown::add);
  }

  private void take() {
    source.take(ISSUED.certificate(), ISSUED.key());
  }

  @Test
  void aClockThatWasWrongAtTheStartKeepsNothingFromBeingShown() {
    now = Instant.now().plus(Duration.ofDays(36_500));
    take();
    assertTrue(source.isOwn());
    now = Instant.now();
    take();
    assertFalse(source.isOwn());
    take();
    assertEquals(2, shown.size(), "its own and then the issued one, once");
  }

  @Test
  void aClockThatWentAheadAndCameBackFindsTheSameAgain() {
    take();
    now = Instant.now().plus(Duration.ofDays(36_500));
    source.look();
    assertTrue(source.isOwn());
    assertSame(own, source.current());
    now = Instant.now();
    take();
    assertFalse(source.isOwn());
  }

  /** Not of what the process made, which lives for years: readers do not accept that. */
  @Test
  void theEndIsThatOfWhatWasIssued() {
    assertEquals(now, source.ends());
    take();
    Instant ends = source.current().notAfter();
    assertEquals(ends, source.ends());
    now = ends.plusSeconds(1);
    source.look();
    assertTrue(source.isOwn());
    assertEquals(ends, source.ends());
  }

  @Test
  void whatCannotBeReadChangesNothing() {
    take();
    ServerCertificate before = source.current();
    source.take("no certificate", ISSUED.key());
    source.take(ISSUED.certificate() + " ", OWN.key());
    assertSame(before, source.current());
  }
}
