package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.perigee.contract.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is taken for a certificate with its key, and which of the two a refusal names. */
final class PemCertificateTest {
  private static final TestPem EC = TestPem.ec("shop.example");
  private static final TestPem RSA = TestPem.rsa("shop.example");

  static Stream<List<String>> sound() {
    return Stream.of(
        List.of(EC.certificate(), EC.key()),
        List.of(EC.certificate(), EC.oldKey()),
        // As openssl ecparam -genkey writes it: the curve stands before the key.
        List.of(
            EC.certificate(),
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
                + EC.oldKey()),
        List.of(RSA.certificate(), RSA.key()),
        List.of(RSA.certificate(), RSA.oldKey()));
  }

  @ParameterizedTest
  @MethodSource("sound")
  void aKeyIsTakenInEitherOfItsForms(List<String> pems) {
    PemCertificate.Read read = PemCertificate.read(pems.getFirst(), pems.getLast(), Instant.now());
    PemCertificate.Read.Sound sound =
        assertInstanceOf(PemCertificate.Read.Sound.class, read, read.toString());
    assertEquals(List.of("shop.example"), sound.config().hosts());
  }

  private static Problem problem(String certificate, String key, Instant now) {
    PemCertificate.Read read = PemCertificate.read(certificate, key, now);
    return assertInstanceOf(PemCertificate.Read.Unsound.class, read).problem();
  }

  @Test
  void aRefusalNamesTheOneThatIsWrong() {
    Instant now = Instant.now();
    assertEquals("certificate", problem("nothing", "nothing", now).field());
    assertEquals("certificate", problem(EC.key(), EC.key(), now).field());
    assertEquals("privateKey", problem(EC.certificate(), "nothing", now).field());
    assertEquals("privateKey", problem(EC.certificate(), EC.certificate(), now).field());
    assertEquals("privateKey", problem(EC.certificate(), RSA.key(), now).field());
    Instant later = now.plus(Duration.ofDays(31));
    assertEquals("certificate", problem(EC.certificate(), EC.key(), later).field());
    Instant earlier = now.minus(Duration.ofDays(2));
    assertEquals("certificate", problem(EC.certificate(), EC.key(), earlier).field());
    String twice = EC.certificate() + RSA.certificate();
    assertEquals("certificate", problem(twice, EC.key(), now).field());
  }

  @Test
  void aChainThatWouldNotFitIntoOneMessageIsRefused() {
    String chain = EC.certificate() + EC.certificate().repeat(10);
    assertEquals("certificate", problem(chain, EC.key(), Instant.now()).field());
  }
}
