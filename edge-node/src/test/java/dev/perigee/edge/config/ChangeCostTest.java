package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.FromControl.Update;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.edge.listener.tls.ServerTls;
import dev.perigee.edge.listener.tls.TlsEngine;
import dev.perigee.edge.origin.HealthChecks;
import dev.perigee.edge.origin.OriginConfig;
import dev.perigee.edge.origin.OriginTls;
import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.routing.RouteTable;
import dev.perigee.edge.routing.Routed;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One change costs what it changes, however many sites there are, and a look-up nothing. Counted in
 * bytes allocated by the thread that applies it, from the message to its acknowledgement: whoever
 * copies, or goes through, a table of all sites allocates for each of them.
 */
class ChangeCostTest {
  private static final int FEW = 500;
  private static final int MANY = 20_000;
  private static final int WARM = 300;
  private static final int CHANGES = 300;

  /** Of one change: the tables' copied arrays take most. Measured: 49 KiB. */
  private static final long BOUND = 100 << 10;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path folder = Path.of("");

  private static SiteConfig site(int number, int port) {
    OriginUrl origin = new OriginUrl("https", "origin-" + number + ".example", port);
    return new SiteConfig(
        "site-" + number,
        List.of("www.site-" + number + ".example", "*.site-" + number + ".example"),
        List.of(origin),
        Set.of(),
        false,
        false,
        CachePolicy.DEFAULT);
  }

  private static ControlMessage update(long revision, List<SiteConfig> some, List<String> gone) {
    return SyncCodec.encode(
        new Update(
            "n", revision, revision - 1, 0, true, some, gone, List.of(), List.of(), "cdn.test"));
  }

  /** All of a node that takes part but the store, whose files are large. */
  private static ActiveConfig active(ConfigState first) throws GeneralSecurityException {
    ServerTls tls = new ServerTls(TlsEngine.JDK);
    OriginTls originTls = new OriginTls(SSLContext.getDefault());
    OriginTable table = new OriginTable(new Random(1));
    Duration second = Duration.ofSeconds(1);
    HealthChecks checks =
        new HealthChecks(
            table,
            new OriginConfig(
                second, second, second, second, 1, 1, new OriginAddressPolicy(List.of(), false)),
            originTls::forChecks,
            InstantSource.system(),
            System::nanoTime,
            new Random(1));
    return new ActiveConfig(
        "fra-1",
        first,
        certificates -> {
          try {
            tls.swap(certificates);
          } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
          }
        },
        sites -> {
          originTls.swap(sites);
          table.swap(sites);
          checks.update();
        });
  }

  /** Bytes that one change allocates, of many of each kind. */
  private long cost(int sites) throws Exception {
    Path own = folder.resolve("sites-" + sites);
    LastGoodStore lastGood = new LastGoodStore(own.resolve("last-good"));
    StreamAlone stream = new StreamAlone(own, active(ConfigState.empty()), lastGood);
    List<SiteConfig> all = new ArrayList<>();
    for (int i = 0; i < sites; i++) {
      all.add(site(i, 443));
    }
    stream.say(update(1, all, List.of()));
    long revision = 1;
    long bytes = 0;
    for (int i = 0; i < WARM + CHANGES; i++) {
      if (i == WARM) {
        bytes = THREADS.getCurrentThreadAllocatedBytes();
      }
      ControlMessage next =
          switch (i % 3) {
            case 0 -> update(++revision, List.of(site(i, 8443)), List.of());
            case 1 -> update(++revision, List.of(site(sites + i, 443)), List.of());
            default -> update(++revision, List.of(), List.of("site-" + (sites + i - 1)));
          };
      stream.say(next);
      assertEquals(revision, assertInstanceOf(FromEdge.Ack.class, stream.said()).revision());
    }
    bytes = THREADS.getCurrentThreadAllocatedBytes() - bytes;
    lastGood.close();
    return bytes / CHANGES;
  }

  @Test
  void aChangeAmongManySitesCostsWhatOneAmongFewDoes() throws Exception {
    long few = cost(FEW);
    long many = cost(MANY);
    System.out.println("bytes a change: " + few + " among few sites, " + many + " among many");
    assertTrue(many < BOUND, many + " bytes for one change among " + MANY + " sites");
    assertTrue(
        many < few + few / 2, many + " bytes among " + MANY + " sites, " + few + " among few");
  }

  @Test
  void aLookUpAllocatesNothing() {
    List<SiteConfig> all = new ArrayList<>();
    List<String> hosts = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      all.add(site(i, 443));
      hosts.add("www.site-" + i + ".example");
    }
    RouteTable routes = RouteTable.of("cdn.test", all);
    lookUp(routes, hosts);
    long bytes = THREADS.getCurrentThreadAllocatedBytes();
    int found = lookUp(routes, hosts);
    bytes = THREADS.getCurrentThreadAllocatedBytes() - bytes;
    assertEquals(MANY, found);
    assertTrue(bytes < MANY, "less than a byte each, not " + bytes + " in all");
  }

  private static int lookUp(RouteTable routes, List<String> hosts) {
    int found = 0;
    for (int i = 0; i < hosts.size(); i++) {
      found += routes.route(hosts.get(i)) instanceof Routed.Matched ? 1 : 0;
    }
    return found;
  }
}
