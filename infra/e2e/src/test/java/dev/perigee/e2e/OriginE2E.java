package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.testkit.Loopback;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The origins of the tour, asked directly: whichever a machine has, the tour sees the same. */
class OriginE2E {
  private static final String HOST = "www.shop.example";

  private final Loopback loopback = Loopback.fresh(9000, 9001);

  @Test
  void bothOriginsAnswerAlike(@TempDir Path folder) throws Exception {
    try (Origin best = Origin.start(folder, loopback.host(1), 9000);
        Origin plain = JdkOrigin.start(loopback.host(1), 9001)) {
      Fetch.Answer one = Fetch.get(loopback.host(1), 9000, HOST, "/product-7/a?b=1");
      Fetch.Answer other = Fetch.get(loopback.host(1), 9001, HOST, "/product-7/a?b=1");

      assertEquals(other.status(), one.status());
      assertEquals(other.body(), one.body());
      for (String field : new String[] {"Cache-Control", "Surrogate-Key", "ETag"}) {
        assertEquals(other.field(field), one.field(field));
      }
      assertEquals(1, best.fetches("/product-7/a?b=1"));
      assertEquals(1, plain.fetches("/product-7/a?b=1"));
      assertEquals("http://" + loopback.host(1) + ":9001", plain.url());
    }
  }
}
