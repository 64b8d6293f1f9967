package dev.perigee.control.lastgood;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SteeringPolicy;
import dev.perigee.control.fleet.FleetView.NodeState;
import dev.perigee.control.store.CoverageZone;
import dev.perigee.control.store.DnsChallenge;
import dev.perigee.control.store.DnsKey;
import dev.perigee.control.store.KeyRing;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.Provisioned;
import dev.perigee.control.store.Published;
import dev.perigee.control.store.Replica;
import dev.perigee.control.store.SiteStore.Steered;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read back is what was written, or nothing. */
final class LastGoodFileTest {
  private static final String ZONE = "cdn.example";
  private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678Z");
  private static final int DIGEST = 32;

  @TempDir Path folder;

  private Path path() {
    return folder.resolve("last-good-answers");
  }

  private LastGoodFile file() {
    return new LastGoodFile(path(), KeyRing.none());
  }

  static LastGood good(String zone, boolean healthy) {
    SiteConfig site =
        new SiteConfig(
            "shop", List.of("www.shop.example"), List.of(), Set.of("eu", "us"), false, false);
    Node node =
        new Node(
            "fra-1",
            "eu",
            50.1,
            8.7,
            List.of(InetAddress.ofLiteral("192.0.2.1"), InetAddress.ofLiteral("2001:db8::1")),
            80,
            443,
            false,
            true,
            true,
            8443,
            "DE");
    DnsKey key =
        new DnsKey(
            7,
            Bytes.copyOf(new byte[64]),
            Bytes.copyOf(new byte[] {1, 2, 3}),
            TIME,
            Optional.of(TIME),
            Optional.empty(),
            Optional.of(new DnsKey.DsGone(TIME, Duration.ofDays(1))));
    NodeState state =
        new NodeState(
            "fra-1",
            true,
            healthy,
            "as it says",
            "1.0",
            3,
            4,
            0.5,
            1.5,
            6,
            Optional.of(TIME),
            List.of(new FromEdge.Refusal("shop", "")),
            List.of());
    return new LastGood(
        zone,
        TIME,
        new Provisioned(
            List.of(node),
            List.of(new Steered(site.withSteering(SteeringPolicy.DEFAULT), 9)),
            List.of(new CoverageZone(AddressRange.of("10.0.0.0/8"), List.of("eu"))),
            42),
        new Published(
            List.of(new DnsChallenge("_acme-challenge.shop." + zone, List.of("a", "b"), 60)),
            Set.of("shop." + zone),
            List.of(key)),
        Bytes.copyOf(new byte[32]),
        new LastGood.Identity(Bytes.copyOf(new byte[] {9}), List.of(Bytes.copyOf(new byte[] {8}))),
        List.of(new Replica("id", "192.0.2.9:7443", "1.0")),
        List.of(state),
        Set.of("fra-1"));
  }

  @Test
  void whatIsReadBackIsWhatWasWritten() throws IOException {
    assertEquals(Optional.empty(), file().read(ZONE));
    file().write(good(ZONE, false));
    file().write(good(ZONE, true));
    assertEquals(Optional.of(good(ZONE, true)), file().read(ZONE));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path())));
  }

  @Test
  void aByteThatIsAnotherOrMissingIsFoundOut() throws IOException {
    file().write(good(ZONE, true));
    byte[] whole = Files.readAllBytes(path());
    for (int at = 0; at < whole.length; at++) {
      byte[] other = whole.clone();
      other[at] ^= 0x10;
      Files.write(path(), other);
      assertRefused("is damaged");
      Files.write(path(), Arrays.copyOf(whole, at));
      assertRefused("is damaged");
    }
  }

  private void assertRefused(String why) {
    IOException refusal = assertThrows(IOException.class, () -> file().read(ZONE));
    String sentence = String.valueOf(refusal.getMessage());
    assertTrue(sentence.contains(why), sentence);
    assertTrue(sentence.contains("written anew"), sentence);
  }

  @Test
  void anotherVersionAndAnotherZoneAreNotUsed() throws Exception {
    file().write(good("other.example", true));
    assertRefused("is of the zone other.example, not of cdn.example");
    byte[] whole = Files.readAllBytes(path());
    ByteBuffer.wrap(whole).putInt(Long.BYTES, 2);
    Files.write(path(), signed(whole));
    assertRefused("is of version 2, this build reads 1");
    ByteBuffer.wrap(whole).putLong(0, 1);
    Files.write(path(), signed(whole));
    assertRefused("is no file of last good answers");
  }

  /** A length that promises more than there is, under a checksum that is right. */
  @Test
  void aLengthThatLiesTakesNoMemory() throws Exception {
    file().write(good(ZONE, true));
    byte[] whole = Files.readAllBytes(path());
    int nodes = Long.BYTES + Integer.BYTES + 2 + ZONE.length() + 12 + Long.BYTES;
    for (int length : new int[] {Integer.MAX_VALUE, -1, 1 << 20}) {
      ByteBuffer.wrap(whole).putInt(nodes, length);
      Files.write(path(), signed(whole));
      assertRefused("is");
    }
  }

  private static byte[] signed(byte[] whole) throws GeneralSecurityException {
    int content = whole.length - DIGEST;
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(Arrays.copyOf(whole, content));
    byte[] out = whole.clone();
    System.arraycopy(digest, 0, out, content, DIGEST);
    return out;
  }
}
