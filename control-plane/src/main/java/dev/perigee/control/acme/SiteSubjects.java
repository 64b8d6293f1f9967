package dev.perigee.control.acme;

import dev.perigee.contract.AcmeChallenge;
import dev.perigee.control.store.AcmeSite;
import dev.perigee.control.store.AcmeSites;
import dev.perigee.control.store.CertificateStore.CertificateSummary;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.PostgresCertificateStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The sites, for which the edges answer. */
record SiteSubjects(AcmeSites sites, PostgresCertificateStore certificates, TokenReach reach)
    implements Subjects {
  /** Certificates of sites that are gone, which ended so long ago, go. */
  private static final Duration ENDED = Duration.ofDays(7);

  @Override
  public List<AcmeSite> all() {
    return sites.all();
  }

  @Override
  public Optional<AcmeSite> find(String id) {
    return sites.find(id);
  }

  @Override
  public void sweep() {
    sites.sweep(ENDED);
  }

  @Override
  public Optional<String> obstacle(AcmeSite site) {
    if (site.challenge() == AcmeChallenge.HTTP_01 && reach.asked(site).isEmpty()) {
      return Optional.of("no node serves the site");
    }
    return certificates.obstacle(site);
  }

  @Override
  public TokenReach.Reached reached(AcmeSite site, long number) {
    return reach.of(site, number);
  }

  @Override
  public Change<CertificateSummary> issued(AcmeSite site, String chain, String privateKey) {
    return certificates.issued(site, chain, privateKey);
  }
}
