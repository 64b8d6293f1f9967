package dev.perigee.control.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.store.TestPem;
import dev.perigee.keys.ServerCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A port shows what lies in its two files, and never half of what is being put there. */
final class CertificateFilesTest {
  private static final TestPem FIRST = TestPem.ec("localhost");
  private static final TestPem SECOND = TestPem.rsa("localhost");

  @TempDir Path folder;
  private final AtomicReference<Duration> later = new AtomicReference<>(Duration.ZERO);
  private final InstantSource clock = () -> Instant.now().plus(later.get());

  private Path certificate() {
    return folder.resolve("cert.pem");
  }

  private Path key() {
    return folder.resolve("key.pem");
  }

  private void write(TestPem pem) throws IOException {
    Files.writeString(certificate(), pem.certificate());
    Files.writeString(key(), pem.key());
  }

  private CertificateFiles open() throws IOException {
    return CertificateFiles.open("API", certificate(), key(), clock);
  }

  private static String algorithm(CertificateFiles files) {
    return files.current().key().getAlgorithm();
  }

  @Test
  void newFilesAreTakenOnceTheyHaveSettled() throws IOException {
    write(FIRST);
    CertificateFiles files = open();
    List<ServerCertificate> told = new ArrayList<>();
    files.follow(told::add);
    assertEquals(1, told.size(), "of the one that is there");
    write(SECOND);
    files.look();
    assertEquals("EC", algorithm(files), "somebody may still be writing");
    files.look();
    assertEquals("RSA", algorithm(files));
    assertEquals(2, told.size());
    assertNotEquals(told.getFirst().leaf(), told.getLast().leaf());
  }

  @Test
  void ofAPairThatDoesNotFitTheOneBeforeStays() throws IOException {
    write(FIRST);
    CertificateFiles files = open();
    Files.writeString(certificate(), SECOND.certificate());
    files.look();
    files.look();
    assertEquals("EC", algorithm(files));
    Files.writeString(key(), SECOND.key());
    files.look();
    files.look();
    assertEquals("RSA", algorithm(files));
  }

  @Test
  void filesThatVanishOrBreakLeaveTheOneBefore() throws IOException {
    write(FIRST);
    CertificateFiles files = open();
    Files.delete(key());
    files.look();
    files.look();
    Files.writeString(key(), "nothing of the kind");
    files.look();
    files.look();
    assertEquals("EC", algorithm(files));
  }

  @Test
  void anExpiredOneIsNotTakenInPlaceOfAnother() throws IOException {
    write(FIRST);
    CertificateFiles files = open();
    later.set(Duration.ofDays(40));
    write(SECOND);
    files.look();
    files.look();
    assertEquals("EC", algorithm(files));
  }

  @Test
  void whatWasRefusedIsTakenOnceItCanBeThoughNoFileChanges() throws IOException {
    write(FIRST);
    CertificateFiles files = open();
    later.set(Duration.ofDays(-40));
    write(SECOND);
    files.look();
    files.look();
    assertEquals("EC", algorithm(files), "it is not valid yet");
    later.set(Duration.ZERO);
    files.look();
    assertEquals("RSA", algorithm(files));
  }

  @Test
  void aListenerThatCannotTakeItEndsNothing() throws IOException {
    write(FIRST);
    CertificateFiles files = open();
    AtomicBoolean broken = new AtomicBoolean();
    files.follow(
        fresh -> {
          if (broken.get()) {
            throw new IllegalStateException("refused by the JDK");
          }
        });
    broken.set(true);
    write(SECOND);
    files.look();
    files.look();
    assertEquals("EC", algorithm(files), "what no port shows is not the current one");
    broken.set(false);
    files.look();
    assertEquals("RSA", algorithm(files));
  }

  @Test
  void anExpiredOneIsShownAtTheStartForThereIsNoOther() throws IOException {
    write(FIRST);
    later.set(Duration.ofDays(40));
    assertEquals("EC", algorithm(open()));
  }

  private void assertRefused(String sentence) {
    IOException refused = assertThrows(IOException.class, this::open);
    assertTrue(String.valueOf(refused.getMessage()).contains(sentence), refused.getMessage());
  }

  @Test
  void whatIsWrongAtTheStartIsSaid() throws IOException {
    assertRefused("there is no file");
    write(FIRST);
    Files.writeString(key(), SECOND.key());
    assertRefused("no key of the certificate's kind");
    Files.writeString(key(), TestPem.ec("localhost").key());
    assertRefused("does not belong to the first certificate");
    Files.writeString(key(), FIRST.oldKey());
    assertRefused("openssl pkcs8 -topk8");
    write(FIRST);
    Files.writeString(certificate(), FIRST.certificate() + SECOND.certificate());
    assertRefused("number 1 of the chain is not signed by the one behind it");
    Files.writeString(certificate(), "nothing");
    assertRefused("PEM");
  }

  @Test
  void theKeyIsNeverSaid() throws IOException {
    write(FIRST);
    assertTrue(open().current().toString().startsWith("CN=localhost, valid until "));
  }
}
