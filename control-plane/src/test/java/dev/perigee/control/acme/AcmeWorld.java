package dev.perigee.control.acme;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.store.AcmeAccounts;
import dev.perigee.control.store.AcmeSites;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.DnsChallengeStore;
import dev.perigee.control.store.DnsReaders;
import dev.perigee.control.store.Edit;
import dev.perigee.control.store.HostClaim;
import dev.perigee.control.store.HostClaims;
import dev.perigee.control.store.KeyRing;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.OrganisationStore;
import dev.perigee.control.store.OwnCertificates;
import dev.perigee.control.store.PostgresCertificateStore;
import dev.perigee.control.store.PostgresNodeStore;
import dev.perigee.control.store.PostgresSiteStore;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.store.TestPostgres;
import java.net.InetAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** A database with one node, fra-1, that is connected and well, and whatever sites a test adds. */
final class AcmeWorld implements AutoCloseable {
  private static final InstantSource CLOCK = InstantSource.system();

  private final TestPostgres postgres = TestPostgres.fresh();
  final LogNumbers numbers = new LogNumbers(postgres.database());
  final AcmeStore orders = new AcmeStore(postgres.database(), numbers, AcmeStore.Book.SITES);
  final AcmeStore ownOrders = new AcmeStore(postgres.database(), numbers, AcmeStore.Book.OWN);
  final OwnCertificates own =
      new OwnCertificates(postgres.database(), numbers, KeyRing.none(), CLOCK);
  final AcmeAccounts accounts = new AcmeAccounts(postgres.database(), KeyRing.none());
  final DnsChallengeStore challenges =
      new DnsChallengeStore(postgres.database(), numbers, "cdn.example", true);
  final AcmeSites sites = new AcmeSites(postgres.database());
  final PostgresCertificateStore certificates =
      new PostgresCertificateStore(postgres.database(), numbers, CLOCK);
  final PostgresNodeStore nodes = new PostgresNodeStore(postgres.database(), numbers);
  final Fleet fleet = new Fleet(CLOCK, () -> List.of("fra-1"));
  private final PostgresSiteStore all =
      new PostgresSiteStore(
          postgres.database(),
          numbers,
          "cdn.example",
          OriginAddressPolicy.PUBLIC,
          new SiteHistory(postgres.database(), SiteHistory.USUAL_KEPT));
  private volatile boolean holds;
  private final Thread beating = Thread.ofVirtual().unstarted(this::beat);

  AcmeWorld() {
    InetAddress address = InetAddress.ofLiteral("127.0.0.1");
    committed(
        nodes.add(
            new Node("fra-1", "eu", 50, 8, List.of(address), 80, 443, false, false, false, 0, "")));
    fleet.connected(this, new FromEdge.Hello("fra-1", "test", 0, 0, "", Set.of(), List.of()));
    beating.start();
  }

  /** What authorities, orders and nodes share. */
  Acme.Stores stores() {
    return stores(orders);
  }

  Acme.Stores stores(AcmeStore which) {
    return new Acme.Stores(accounts, which, challenges, new DnsReaders(postgres.database()));
  }

  /** From now on the node takes tokens as soon as there are some. */
  void nodeHoldsWhatItIsSent() {
    holds = true;
  }

  private void beat() {
    try {
      while (true) {
        fleet.heartbeat("fra-1", new FromEdge.Heartbeat(1, 0, 0, 0, 0, true, ""));
        if (holds) {
          fleet.tokens().held("fra-1", orders.tokens().through());
        }
        numbers.await(numbers.generation(), 200);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void add(SiteConfig site, String organisation) {
    Edit edit = new Edit("", "", OptionalLong.empty(), organisation.equals("first"));
    committed(all.add(site, organisation, edit));
  }

  void replace(SiteConfig site) {
    committed(all.replace(site, Edit.PLAIN));
  }

  /** An organisation that has a host. */
  void organisation(String id, String host) {
    committed(new OrganisationStore(postgres.database()).add(id, id));
    HostClaims claims = new HostClaims(postgres.database(), numbers, "cdn.example");
    committed(claims.prove(id, host, HostClaim.Proof.VOUCHED));
  }

  private static void committed(Change<?> change) {
    assertInstanceOf(Change.Committed.class, change);
  }

  @Override
  public void close() {
    beating.interrupt();
    try {
      beating.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    postgres.close();
  }
}
