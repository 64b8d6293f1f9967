package dev.perigee.control.acme;

import dev.perigee.contract.AcmeChallenge;
import dev.perigee.control.store.AcmeSite;
import dev.perigee.control.store.CertificateStore.CertificateSummary;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.OwnCertificates;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What ports of control planes show, for which these answer themselves. Each reads the tokens at
 * least once a second ({@link LiveTokens}), so what was published two seconds ago is answered by
 * all that have a database.
 */
final class OwnSubjects implements Subjects {
  /** What ended so long ago goes. */
  private static final Duration ENDED = Duration.ofDays(7);

  private static final Duration READ_BY_ALL = Duration.ofSeconds(2);

  private final OwnCertificates store;
  private final List<List<String>> ports;
  private final AcmeChallenge challenge;
  private final InstantSource clock;
  private final Map<String, Published> published = new ConcurrentHashMap<>();

  /** Tokens of one order, and when they were seen first. */
  private record Published(long number, Instant at) {}

  /**
   * Ports of this control plane.
   *
   * @param ports the hosts of each
   */
  OwnSubjects(
      OwnCertificates store,
      List<List<String>> ports,
      AcmeChallenge challenge,
      InstantSource clock) {
    this.store = store;
    this.ports = List.copyOf(ports);
    this.challenge = challenge;
    this.clock = clock;
  }

  @Override
  public List<AcmeSite> all() {
    return ports.stream().map(hosts -> store.subject(hosts, challenge)).distinct().toList();
  }

  @Override
  public Optional<AcmeSite> find(String id) {
    return all().stream().filter(one -> one.id().equals(id)).findFirst();
  }

  @Override
  public void sweep() {
    store.sweep(ENDED);
  }

  @Override
  public Optional<String> obstacle(AcmeSite site) {
    return Optional.empty();
  }

  @Override
  public TokenReach.Reached reached(AcmeSite site, long number) {
    Instant now = clock.instant();
    Published since =
        published.merge(
            site.id(),
            new Published(number, now),
            (before, fresh) -> before.number() == number ? before : fresh);
    boolean passed = Duration.between(since.at(), now).abs().compareTo(READ_BY_ALL) >= 0;
    return new TokenReach.Reached(1, passed ? List.of() : List.of("control planes"));
  }

  @Override
  public Change<CertificateSummary> issued(AcmeSite site, String chain, String privateKey) {
    return store.issued(site, chain, privateKey);
  }
}
