package dev.perigee.control;

import dev.perigee.control.acme.Acme;
import dev.perigee.control.acme.NextOrder;
import dev.perigee.control.api.ApiPorts;
import dev.perigee.control.changelog.ChangeLog;
import dev.perigee.control.changelog.LogReader;
import dev.perigee.control.claim.HostProver;
import dev.perigee.control.dns.DnsFacts;
import dev.perigee.control.pki.ApiTokens;
import dev.perigee.control.pki.OperatorTokens;
import dev.perigee.control.signin.SignInConfig;
import dev.perigee.control.signin.SignInFlow;
import dev.perigee.control.store.AcmeAccounts;
import dev.perigee.control.store.AcmeSites;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.control.store.AuditLog;
import dev.perigee.control.store.AuthorityStore;
import dev.perigee.control.store.CertificateCounts;
import dev.perigee.control.store.ChangeStore;
import dev.perigee.control.store.Database;
import dev.perigee.control.store.DnsChallengeStore;
import dev.perigee.control.store.DnsKeyPolicy;
import dev.perigee.control.store.DnsKeyStore;
import dev.perigee.control.store.DnsReaders;
import dev.perigee.control.store.HostClaims;
import dev.perigee.control.store.KeyRing;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.OrganisationStore;
import dev.perigee.control.store.OwnCertificates;
import dev.perigee.control.store.PostgresCertificateStore;
import dev.perigee.control.store.PostgresNodeStore;
import dev.perigee.control.store.PostgresPurgeStore;
import dev.perigee.control.store.PostgresRolloutStore;
import dev.perigee.control.store.PostgresSiteStore;
import dev.perigee.control.store.PostgresWarmUpStore;
import dev.perigee.control.store.PurgeAcks;
import dev.perigee.control.store.SettingStore;
import dev.perigee.control.store.SignInStore;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.store.SitesTogether;
import dev.perigee.control.store.StoreException;
import dev.perigee.control.store.TicketKeyStore;
import dev.perigee.control.store.TokenStore;
import dev.perigee.control.store.VisibleSites;
import dev.perigee.control.store.ZoneStore;
import dev.perigee.control.stream.SyncService;
import dev.perigee.keys.SealingKeys;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that is kept in one database. */
record Stores(
    Database database,
    LogNumbers numbers,
    SiteHistory history,
    PostgresSiteStore sites,
    PostgresRolloutStore rollouts,
    PostgresNodeStore nodes,
    ZoneStore zones,
    PostgresCertificateStore certificates,
    DnsChallengeStore challenges,
    DnsKeyStore keys,
    PostgresPurgeStore purges,
    PurgeAcks acks,
    PostgresWarmUpStore warmUps,
    SettingStore settings,
    TicketKeyStore ticketKeys,
    AcmeStore acme,
    KeyRing keyRing) {
  private static final int COOKIE_SECRET_BYTES = 32;

  /** At which hosts are asked for the tokens of their proofs. */
  private static final int HTTP_PORT = 80;

  /** In which refused attempts are gathered. */
  private static final long AUDIT_MILLIS = 10_000;

  private static final Logger LOG = LoggerFactory.getLogger(Stores.class);

  static Stores over(
      Database database,
      KeyRing keys,
      String zone,
      Options options,
      InstantSource clock,
      SecureRandom random)
      throws IOException {
    database.sealWith(keys);
    LogNumbers numbers = new LogNumbers(database);
    SiteHistory history = new SiteHistory(database, options.siteHistory());
    PostgresSiteStore sites =
        new PostgresSiteStore(database, numbers, zone, options.originAddresses(), history);
    return new Stores(
        database,
        numbers,
        history,
        sites,
        new PostgresRolloutStore(database, numbers, sites),
        new PostgresNodeStore(database, numbers),
        new ZoneStore(database, numbers),
        new PostgresCertificateStore(database, numbers, clock, keys),
        new DnsChallengeStore(database, numbers, zone, options.dns.siteHosts),
        new DnsKeyStore(
            database,
            numbers,
            zone,
            new DnsKeyPolicy(options.dns.longestTtl()),
            clock,
            random,
            keys),
        new PostgresPurgeStore(database, numbers, options.purgeLimits()),
        new PurgeAcks(database, clock),
        new PostgresWarmUpStore(database, numbers),
        new SettingStore(database, keys),
        new TicketKeyStore(database, keys),
        new AcmeStore(database, numbers, AcmeStore.Book.SITES),
        keys);
  }

  /** Who may do what here. */
  ApiPorts.Tenancy tenancy(Options options, OperatorTokens operator, Running running)
      throws IOException {
    AuditLog audit = running.keep(new AuditLog(database, options.tenants.auditDays()));
    running.every("sweep-audit", AUDIT_MILLIS, () -> sweep(audit));
    HostProver prover =
        new HostProver(
            options.tenants.resolver(),
            host -> List.of(InetAddress.getAllByName(host)),
            options.originAddresses(),
            HTTP_PORT,
            running.nanos());
    TokenStore tokens = new TokenStore(database);
    SignInStore signIns = new SignInStore(database);
    return new ApiPorts.Tenancy(
        new OrganisationStore(database),
        tokens,
        new ApiTokens(
            operator, tokens, options.tenants.guesses(), running.random(), running.nanos()),
        new VisibleSites(database),
        new SitesTogether(database, numbers),
        new HostClaims(database, numbers, options.dns.zone()),
        prover,
        audit,
        signIns,
        signIn(options, signIns, running));
  }

  private Optional<SignInFlow> signIn(Options options, SignInStore signIns, Running running)
      throws IOException {
    Optional<SignInConfig> config = options.signIn.config();
    if (config.isEmpty()) {
      return Optional.empty();
    }
    String name = "sign-in-keys";
    byte[] lines =
        settings.getOrMake(
            name,
            () ->
                SealingKeys.newLine("sign-in", running.random())
                    .getBytes(StandardCharsets.US_ASCII));
    SealingKeys sealing =
        SealingKeys.parse(name, new String(lines, StandardCharsets.US_ASCII), running.random());
    return Optional.of(
        running.keep(
            new SignInFlow(
                config.get(),
                signIns,
                sealing,
                running.clock(),
                running.random(),
                running.nanos())));
  }

  private static void sweep(AuditLog audit) {
    try {
      audit.sweep();
    } catch (StoreException e) {
      LOG.debug("refusals are written to the audit log once the database answers", e);
    }
  }

  /** The newest revision. */
  long revision() {
    return numbers.head().revision();
  }

  /** What the zone holds beside sites and nodes; nothing of it is read yet. */
  DnsFacts facts(InstantSource clock) {
    return DnsFacts.of(challenges, certificates, keys, this::revision, clock);
  }

  /** The edge CAs, and what is known of who trusts them. */
  AuthorityStore authorities() {
    return new AuthorityStore(database, settings);
  }

  /** Orders of certificates. */
  AcmeStore orders(AcmeStore.Book book) {
    return new AcmeStore(database, numbers, book);
  }

  /** What is read and written where certificates are got of an authority. */
  Acme.Stores ordering(AcmeStore.Book book) {
    return new Acme.Stores(
        new AcmeAccounts(database, keyRing), orders(book), challenges, new DnsReaders(database));
  }

  /** What ports of control planes show. */
  OwnCertificates ownCertificates(InstantSource clock) {
    return new OwnCertificates(database, numbers, keyRing, clock);
  }

  /** What is known of that. */
  ApiPorts.Acme acmePort(Options options, InstantSource clock) throws IOException {
    return new ApiPorts.Acme(
        new AcmeSites(database),
        acme,
        new CertificateCounts(database),
        new NextOrder(Duration.ofSeconds(options.acme.retrySeconds)),
        options.acme.config().isPresent(),
        clock);
  }

  /** From which the secrets of DNS cookies come, the same for all control planes. */
  byte[] cookieSecret(Running running) {
    return settings.getOrMake("dns-cookie-secret", () -> running.secret(COOKIE_SECRET_BYTES));
  }

  /** Who reads the logs for all streams of edges. */
  LogReader reader(Options options, InstantSource clock) throws IOException {
    return new LogReader(
        new LogReader.Sources(numbers, purges, nodes, rollouts, warmUps),
        options.logWindowBytes(),
        clock);
  }

  /** What the streams of edges read from. */
  SyncService.Logs logs(String zone, Options options, LogReader reader) throws IOException {
    ChangeLog changes = new ChangeLog(new ChangeStore(database), sites, certificates, nodes, zone);
    return new SyncService.Logs(
        numbers, reader, options.logReads(), changes, purges, nodes, warmUps);
  }
}
