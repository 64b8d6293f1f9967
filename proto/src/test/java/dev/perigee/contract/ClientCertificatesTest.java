package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.ClientCertificates.Mode;
import dev.perigee.contract.sync.v1.ReaderCertificates;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What sites ask of their readers' certificates, on the wire and in databases. */
class ClientCertificatesTest {
  private static final ClientCertificates ASKED =
      new ClientCertificates(Mode.OPTIONAL, List.of(Bytes.copyOf(new byte[] {1, 2})));

  private static SiteConfig site(ClientCertificates asked) {
    return new SiteConfig(
            "shop",
            List.of("shop.example"),
            List.of(new OriginUrl("https", "origin.example", 443)),
            Set.of(),
            false,
            false)
        .withClientCertificates(asked);
  }

  @Test
  void itComesBackAsItWas() {
    assertEquals(ASKED, ClientCertificatesCodec.of(ClientCertificatesCodec.toBytes(ASKED)));
    assertArrayEquals(new byte[0], ClientCertificatesCodec.toBytes(ClientCertificates.OFF));
    assertEquals(ClientCertificates.OFF, ClientCertificatesCodec.of(new byte[0]));
    for (ClientCertificates asked : List.of(ASKED, ClientCertificates.OFF)) {
      assertEquals(site(asked), SyncCodec.siteOf(SyncCodec.toBytes(site(asked))));
    }
  }

  @Test
  void aModeThatIsNotKnownIsTheStrictest() {
    byte[] later = ReaderCertificates.newBuilder().setMode("attested").build().toByteArray();
    assertEquals(Mode.REQUIRED, ClientCertificatesCodec.of(later).mode());
  }

  @Test
  void whatIsNoCertificateIsRefused() {
    assertTrue(
        SiteValidator.problems(site(ASKED)).getFirst().reason().contains("no X.509 certificate"));
  }
}
