package dev.perigee.edge.origin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.perigee.contract.Balance;
import dev.perigee.contract.Breakers;
import dev.perigee.contract.Bytes;
import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.Ejection;
import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginTimeouts;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.RetryPolicy;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.table.HashTrie;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;

/** A context lives as long as a pool with its settings does. */
class OriginTlsTest {
  private static SiteConfig site(String id, OriginTransport transport) {
    OriginPool pool =
        new OriginPool(
            "web",
            List.of(PoolServer.of(new OriginUrl("https", "origin.example", 443))),
            Balance.DEFAULT,
            Optional.empty(),
            Ejection.DEFAULT,
            0,
            RetryPolicy.DEFAULT,
            OriginTimeouts.DEFAULT,
            Breakers.DEFAULT,
            transport);
    return new SiteConfig(
        id,
        List.of(id + ".example"),
        List.of(),
        Set.of(),
        false,
        false,
        CachePolicy.DEFAULT,
        new OriginPools(List.of(pool), List.of(), ""));
  }

  @Test
  void aContextLivesAsLongAsAPoolHasItsSettings() throws Exception {
    OriginTransport own =
        new OriginTransport(
            "",
            "",
            List.of(Bytes.copyOf(new TestAuthority().certificate().getEncoded())),
            List.of(),
            Optional.empty(),
            OriginTransport.MinimumTls.TLS_1_2,
            false,
            0);
    OriginTls tls = new OriginTls(SSLContext.getDefault());
    HashTrie<SiteConfig> one = HashTrie.of(List.of(site("one", own)), SiteConfig::id);
    tls.swap(one);
    SSLContext made = tls.context(own).orElseThrow();
    HashTrie<SiteConfig> two = one.with("two", site("two", own));
    tls.swap(two);
    tls.swap(two.without("one"));
    assertSame(made, tls.context(own).orElseThrow(), "the other site has the same settings");
    tls.swap(HashTrie.<SiteConfig>empty().with("two", site("two", OriginTransport.DEFAULT)));
    assertEquals(Optional.empty(), tls.context(own));
    assertSame(SSLContext.getDefault(), tls.context(OriginTransport.DEFAULT).orElseThrow());
  }
}
