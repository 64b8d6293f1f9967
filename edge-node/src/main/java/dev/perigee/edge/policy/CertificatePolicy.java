package dev.perigee.edge.policy;

import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.Arrival;
import dev.perigee.edge.request.CertificateTerms;
import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * Whether a site that asks its readers for certificates is to answer what came this way. A
 * connection is of the site that its handshake was for, under the terms of that moment: what comes
 * for another one, or under others, belongs on a connection of its own (RFC 9110, section 15.5.20).
 */
final class CertificatePolicy {
  private CertificatePolicy() {}

  /**
   * Why it does not answer; empty where it does.
   *
   * @param names whether a server name is a site's
   */
  static Optional<Admission.DenyReason> denied(
      Arrival arrival, SiteConfig site, BiPredicate<SiteConfig, String> names) {
    if (!site.clientCertificates().isAsked()) {
      return Optional.empty();
    }
    return switch (arrival) {
      case Arrival.Within() -> Optional.empty();
      case Arrival.Plain() ->
          site.clientCertificates().isRequired()
              ? Optional.of(Admission.DenyReason.CERTIFICATE)
              : Optional.empty();
      case Arrival.Secure(Optional<CertificateTerms> terms, boolean certified, String name) ->
          // Its own, from before it asked: only a new connection will do.
          terms.isEmpty() && names.test(site, name)
              ? Optional.of(Admission.DenyReason.OTHER_TERMS)
              : denied(terms, certified, site);
    };
  }

  private static Optional<Admission.DenyReason> denied(
      Optional<CertificateTerms> terms, boolean certified, SiteConfig site) {
    boolean same = terms.filter(of -> of.site().equals(site.id())).isPresent();
    if (!same) {
      return Optional.of(Admission.DenyReason.OTHER_SITE);
    }
    boolean stands =
        terms.get().asked().equals(site.clientCertificates())
            && (certified || !site.clientCertificates().isRequired());
    return stands ? Optional.empty() : Optional.of(Admission.DenyReason.OTHER_TERMS);
  }
}
