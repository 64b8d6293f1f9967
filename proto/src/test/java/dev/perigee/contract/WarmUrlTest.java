package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class WarmUrlTest {
  @ParameterizedTest
  @CsvSource({
    "https://shop.example, https://shop.example/",
    "http://SHOP.example/a?b=c, http://shop.example/a?b=c",
    "https://shop.example/a/../b, https://shop.example/b"
  })
  void aUrlIsReadAsAnEdgeReadsARequest(String text, String url) {
    assertEquals(Optional.of(url), WarmUrl.parse(text).map(WarmUrl::toString));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/a",
        "shop.example/a",
        "ftp://shop.example/",
        "https://u@shop.example/",
        "https://shop.example:8443/",
        "https://shop.example/#a",
        "https:///a",
        "https://a b/"
      })
  void anythingElseIsNone(String text) {
    assertEquals(Optional.empty(), WarmUrl.parse(text));
  }

  @Test
  void aWarmUpComesThroughTheCodecAsItWas() {
    FromControl order =
        new FromControl.WarmUp(
            "job",
            "shop",
            7,
            List.of(new WarmUrl("https", "shop.example", "/a?b")),
            Map.of("Accept-Encoding", "gzip"),
            20);
    assertEquals(order, SyncCodec.decode(SyncCodec.encode(order)));
    FromEdge warmed = new FromEdge.Warmed("job", 8, 1, 2, 3, 4, List.of("url: why"));
    assertEquals(warmed, SyncCodec.decode(SyncCodec.encode(warmed)));
  }

  @Test
  void aWarmUpPastItsLimitsIsRefused() {
    WarmUrl url = new WarmUrl("https", "shop.example", "/");
    for (int perSecond : new int[] {0, Limits.WARM_PER_SECOND + 1}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new FromControl.WarmUp("job", "shop", 0, List.of(url), Map.of(), perSecond));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new FromControl.WarmUp("job", "shop", 0, List.of(), Map.of(), 1));
  }
}
