package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a site's responses are compressed. */
final class CompressionPolicyTest {
  private static SiteConfig site(CompressionPolicy policy) {
    return new SiteConfig(
            "shop",
            List.of("a.example"),
            List.of(new OriginUrl("https", "b.example", 443)),
            Set.of(),
            false,
            false)
        .withCompression(policy);
  }

  private static CompressionPolicy policy(List<ContentCoding> codings, List<String> types) {
    return new CompressionPolicy(true, codings, types, 1, false);
  }

  @Test
  void itComesBackAsItWasSent() {
    CompressionPolicy own =
        new CompressionPolicy(
            false, List.of(ContentCoding.GZIP, ContentCoding.BR), List.of("text/*"), 77, true);
    for (CompressionPolicy policy : List.of(own, CompressionPolicy.DEFAULT)) {
      assertEquals(policy, SyncCodec.siteOf(SyncCodec.toBytes(site(policy))).compression());
      assertEquals(policy, CompressionPolicyCodec.of(CompressionPolicyCodec.toBytes(policy)));
    }
  }

  /** What an older control plane, or an older row, says nothing of. */
  @Test
  void noBytesStandForTheUsualOne() {
    assertEquals(CompressionPolicy.DEFAULT, CompressionPolicyCodec.of(new byte[0]));
    assertEquals(CompressionPolicy.DEFAULT, site(CompressionPolicy.DEFAULT).compression());
  }

  @Test
  void itStaysWhereAnotherSettingChanges() {
    CompressionPolicy own = policy(List.of(ContentCoding.ZSTD), List.of());
    SiteConfig changed = site(own).withBandwidth(100_000).withLimits(List.of()).withId("other");
    assertEquals(own, changed.compression());
  }

  private static List<String> problems(CompressionPolicy policy) {
    return SiteValidator.problems(site(policy)).stream().map(Problem::field).toList();
  }

  @Test
  void whatBreaksARuleIsNamed() {
    ContentCoding br = ContentCoding.BR;
    assertEquals(List.of(), problems(CompressionPolicy.DEFAULT));
    assertEquals(List.of("compression.codings"), problems(policy(List.of(), List.of())));
    assertEquals(List.of("compression.codings"), problems(policy(List.of(br, br), List.of())));
    assertEquals(
        List.of("compression.types[1]", "compression.types[2]"),
        problems(policy(List.of(br), List.of("text/*", "text", "a/" + "b".repeat(130)))));
    assertEquals(
        List.of("compression.types"),
        problems(policy(List.of(br), Collections.nCopies(51, "text/css"))));
    CompressionPolicy least = new CompressionPolicy(true, List.of(br), List.of(), 0, false);
    assertEquals(List.of("compression.leastBytes"), problems(least));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text/html | true",
        "Text/HTML ; charset=utf-8 | true",
        "image/svg+xml | true",
        "application/wasm | true",
        "text/htmlx | false",
        "text/htm | false",
        "image/png | false",
        "font/woff2 | false",
        "* | false",
        "'' | false",
      })
  void textIsCompressed(String type, boolean covered) {
    assertEquals(covered, CompressionPolicy.DEFAULT.covers(type));
  }

  @Test
  void aSiteMayNameItsOwnTypes() {
    CompressionPolicy own = policy(List.of(ContentCoding.BR), List.of("text/*", "model/gltf+json"));
    assertEquals(true, own.covers("text/x-anything; a=b"));
    assertEquals(true, own.covers("MODEL/gltf+json"));
    assertEquals(false, own.covers("textile/x"));
    assertEquals(false, own.covers("application/json"));
  }
}
