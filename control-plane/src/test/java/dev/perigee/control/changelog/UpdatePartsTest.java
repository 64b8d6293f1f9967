package dev.perigee.control.changelog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.Limits;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** An update in parts is the whole update, and no part is too large to send. */
final class UpdatePartsTest {
  @Test
  void anUpdateOfNothingIsOnePart() {
    List<FromControl.Update> parts = new UpdateParts().finish("n", 7, 6, "cdn.example");
    assertEquals(1, parts.size());
    assertTrue(parts.getFirst().last());
    assertEquals(7, parts.getFirst().revision());
  }

  @Test
  void everyPartFitsIntoAMessageAndNothingIsLost() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    List<SiteConfig> sites = new ArrayList<>();
    List<CertificateConfig> certificates = new ArrayList<>();
    List<String> removed = new ArrayList<>();
    UpdateParts update = new UpdateParts();
    for (int i = 0; i < 300; i++) {
      SiteConfig site = site("site-" + i, 1 + random.nextInt(Limits.SITE_HOSTS));
      sites.add(site);
      update.add(site);
    }
    for (int i = 0; i < 100; i++) {
      CertificateConfig certificate = certificate("c" + i, random.nextInt(64 * 1024));
      certificates.add(certificate);
      update.add(certificate);
    }
    for (int i = 0; i < 5_000; i++) {
      String id = "gone-" + i + "-".repeat(50) + "x";
      removed.add(id);
      update.removeSite(id);
      update.removeCertificate(id);
    }

    List<FromControl.Update> parts = update.finish("nonce", 9, 3, "cdn.example");

    for (int i = 0; i < parts.size(); i++) {
      FromControl.Update part = parts.get(i);
      int size = SyncCodec.encode(part).getSerializedSize();
      assertTrue(size <= Limits.MESSAGE_BYTES, "part " + i + " has " + size + " bytes");
      assertEquals(i, part.part());
      assertEquals(i == parts.size() - 1, part.last());
    }
    assertEquals(sites, parts.stream().flatMap(p -> p.sites().stream()).toList());
    assertEquals(certificates, parts.stream().flatMap(p -> p.certificates().stream()).toList());
    assertEquals(removed, parts.stream().flatMap(p -> p.removedSites().stream()).toList());
    assertEquals(removed, parts.stream().flatMap(p -> p.removedCertificates().stream()).toList());
  }

  private static SiteConfig site(String id, int hosts) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < hosts; i++) {
      names.add("h" + i + "." + "long-label-of-a-name".repeat(3) + "." + id + ".example");
    }
    List<OriginUrl> origins = List.of(OriginUrl.parse("https://origin.example").orElseThrow());
    return new SiteConfig(id, names, origins, Set.of(), false, false);
  }

  private static CertificateConfig certificate(String id, int bytes) {
    Bytes der = Bytes.copyOf(new byte[bytes]);
    return new CertificateConfig(id, List.of("a.example"), List.of(der), der);
  }
}
