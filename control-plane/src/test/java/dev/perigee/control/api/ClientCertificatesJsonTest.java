package dev.perigee.control.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.ClientCertificates;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.Problem;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SiteValidator;
import dev.perigee.control.store.TestPem;
import java.math.BigInteger;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.spec.RSAPublicKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;

/** What a site asks of its readers' certificates as JSON, and what is wrong with it. */
final class ClientCertificatesJsonTest {
  private final Instant now = Instant.now();
  private static final String AUTHORITY = TestPem.authority("readers").certificate();

  private static Input input(String mode, String pem) {
    String text = pem.replace("\r", "").replace("\n", "\\n");
    return Input.read(
        "{\"clientCertificates\":{\"mode\":\"%s\",\"authorities\":\"%s\"}}".formatted(mode, text),
        Set.of("clientCertificates"));
  }

  private ClientCertificates read(Input input) {
    return ClientCertificatesJson.read(input, ClientCertificates.OFF, now);
  }

  private static List<String> flaws(ClientCertificates asked) {
    SiteConfig site =
        new SiteConfig(
            "shop",
            List.of("shop.example"),
            List.of(new OriginUrl("https", "origin.example", 443)),
            Set.of(),
            false,
            false);
    return SiteValidator.problems(site.withClientCertificates(asked)).stream()
        .map(Problem::reason)
        .toList();
  }

  @Test
  void whatIsLeftOutIsOff() {
    Input nothing = Input.read("{}", Set.of("clientCertificates"));
    assertEquals(ClientCertificates.OFF, read(nothing));
    assertEquals(
        Map.of("mode", "off", "authorities", ""),
        ClientCertificatesJson.view(ClientCertificates.OFF));
  }

  @Test
  void itIsReadAndShownAsItWasSet() {
    ClientCertificates asked = read(input("required", AUTHORITY));
    assertEquals(ClientCertificates.Mode.REQUIRED, asked.mode());
    assertEquals(
        Map.of("mode", "required", "authorities", AUTHORITY.replace("\r", "")),
        ClientCertificatesJson.view(asked));
    assertEquals(List.of(), flaws(asked));
  }

  @Test
  void whatIsNoModeAndNoCertificateIsNamed() {
    Input mode = input("always", AUTHORITY);
    read(mode);
    assertTrue(mode.problems().getFirst().reason().contains("off, optional or required"));
    Input pem = input("required", "nonsense");
    read(pem);
    assertTrue(pem.problems().getFirst().reason().contains("PEM"), pem.problems().toString());
  }

  @Test
  void anAuthorityIsNeededAndALeafIsNone() {
    assertTrue(flaws(read(input("optional", ""))).getFirst().contains("authority that signs"));
    String leaf = TestPem.ec("reader.example").certificate();
    assertTrue(
        flaws(read(input("required", AUTHORITY + leaf))).getFirst().contains("certificate 2"));
    assertTrue(flaws(read(input("required", AUTHORITY + AUTHORITY))).getFirst().contains("once"));
  }

  @Test
  void thereAreSixteenAtMost() {
    String many = "";
    for (int i = 0; i <= 16; i++) {
      many += TestPem.authority("a" + i).certificate();
    }
    assertTrue(flaws(read(input("required", many))).getFirst().contains("at most 16"));
  }

  @Test
  void oneThatIsOverIsRefusedUnlessItWasThereBefore() {
    Instant later = now.plus(Duration.ofDays(60));
    Input input = input("required", AUTHORITY);
    ClientCertificates asked = ClientCertificatesJson.read(input, ClientCertificates.OFF, later);
    assertTrue(input.problems().getFirst().reason().contains("has expired"));
    Input again = input("required", AUTHORITY);
    assertEquals(asked, ClientCertificatesJson.read(again, asked, later));
    assertEquals(List.of(), again.problems());
  }

  @Test
  void anAuthorityWhoseSignaturesCostMuchIsRefused() throws Exception {
    BigInteger usual = BigInteger.valueOf(65_537);
    assertEquals(List.of(), flaws(rsa(8192, usual)));
    assertTrue(flaws(rsa(8200, usual)).getFirst().contains("at most 8192 bits"));
    BigInteger large = BigInteger.ONE.shiftLeft(32).setBit(0);
    assertTrue(flaws(rsa(2048, large)).getFirst().contains("exponent of at most 32"));
  }

  private static ClientCertificates rsa(int bits, BigInteger exponent) throws Exception {
    BigInteger modulus = BigInteger.ONE.shiftLeft(bits - 1).setBit(0);
    PublicKey key =
        KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(modulus, exponent));
    X500Name name = new X500Name("CN=large");
    Date from = Date.from(Instant.now());
    byte[] der =
        new JcaX509v3CertificateBuilder(name, BigInteger.ONE, from, from, name, key)
            .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
            .build(
                new JcaContentSignerBuilder("SHA256withECDSA")
                    .build(KeyPairGenerator.getInstance("EC").generateKeyPair().getPrivate()))
            .getEncoded();
    return new ClientCertificates(ClientCertificates.Mode.OPTIONAL, List.of(Bytes.copyOf(der)));
  }
}
