package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.security.cert.X509Certificate;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What a node shows others while its certificate is renewed. */
final class PeerKeysTest {
  private static final TestAuthority CA = new TestAuthority();

  private static Identity identity() {
    TestAuthority.Issued issued = CA.node("edge-1");
    return new Identity(issued.key(), issued.certificate(), CA.certificate());
  }

  private static String begin(PeerKeys keys) {
    String alias = keys.chooseEngineServerAlias("EC", null, null);
    assertNotNull(alias);
    return alias;
  }

  @Test
  void aHandshakeThatHasBegunKeepsToTheCertificateThatItBeganWith() {
    Identity first = identity();
    AtomicReference<Identity> own = new AtomicReference<>(first);
    PeerKeys keys = new PeerKeys(own::get);
    String begun = begin(keys);
    assertEquals(first.key(), keys.getPrivateKey(begun));
    Identity renewed = identity();
    own.set(renewed);

    assertArrayEquals(
        new X509Certificate[] {first.certificate(), first.ca()}, keys.getCertificateChain(begun));
    String next = begin(keys);
    assertNotEquals(begun, next);
    assertEquals(renewed.key(), keys.getPrivateKey(next));
    assertArrayEquals(
        new X509Certificate[] {renewed.certificate(), renewed.ca()},
        keys.getCertificateChain(next));
  }

  @Test
  void itIsShownForEcAloneAndFewAreRemembered() {
    AtomicReference<Identity> own = new AtomicReference<>(identity());
    PeerKeys keys = new PeerKeys(own::get);
    assertNull(keys.chooseEngineServerAlias("RSA", null, null));
    assertEquals(
        begin(keys), keys.chooseEngineClientAlias(new String[] {"RSA", "EC_EC"}, null, null));
    String oldest = begin(keys);
    for (int i = 0; i < 4; i++) {
      own.set(identity());
      begin(keys);
    }
    assertNull(keys.getPrivateKey(oldest));
    assertNull(keys.getCertificateChain(oldest));
  }
}
