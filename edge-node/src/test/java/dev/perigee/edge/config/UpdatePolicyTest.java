package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.ClientCertificates;
import dev.perigee.contract.ClientCertificates.Mode;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is served of a site whose newest change is refused. */
class UpdatePolicyTest {
  private static final String LOG = "log";

  private final ClientCertificates asked;

  UpdatePolicyTest() throws Exception {
    Bytes der = Bytes.copyOf(new TestAuthority().certificate().getEncoded());
    asked = new ClientCertificates(Mode.REQUIRED, List.of(der));
  }

  private static SiteConfig site(String host, ClientCertificates asked) {
    return new SiteConfig(
            "shop",
            List.of(host),
            List.of(new OriginUrl("https", "origin.example", 443)),
            Set.of(),
            false,
            false)
        .withClientCertificates(asked);
  }

  private static ConfigState with(ConfigState before, SiteConfig site) {
    long from = before.revisionIn(LOG);
    FromControl.Update update =
        new FromControl.Update(
            "n" + from,
            from + 1,
            from,
            0,
            true,
            List.of(site),
            List.of(),
            List.of(),
            List.of(),
            "");
    return assertInstanceOf(Applied.Accepted.class, UpdatePolicy.apply(before, LOG, update))
        .state();
  }

  private static List<SiteConfig> afterRefusal(SiteConfig before, SiteConfig refused) {
    ConfigState after = with(with(ConfigState.empty(), before), refused);
    assertEquals(1, after.refused().keySet().size());
    return List.copyOf(after.sites().values());
  }

  @Test
  void whatItWasLastIsServed() {
    SiteConfig open = site("shop.example", ClientCertificates.OFF);
    assertEquals(List.of(open), afterRefusal(open, site("no host", ClientCertificates.OFF)));
    SiteConfig asking = site("shop.example", asked);
    assertEquals(List.of(asking), afterRefusal(asking, site("no host", asked)));
  }

  @Test
  void nothingIsServedWhereThatWouldLetInWhoIsNotLetInAnyMore() {
    SiteConfig open = site("shop.example", ClientCertificates.OFF);
    assertEquals(List.of(), afterRefusal(open, site("no host", asked)));
    ClientCertificates later = new ClientCertificates(Mode.REQUIRED, List.of());
    assertEquals(List.of(), afterRefusal(site("shop.example", asked), site("shop.example", later)));
  }
}
