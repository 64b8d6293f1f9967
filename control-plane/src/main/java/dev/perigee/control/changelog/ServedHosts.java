package dev.perigee.control.changelog;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.PostgresCertificateStore.Held;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The hosts of some sites with whose they are: what certificates are for. A certificate is for
 * sites of its own organisation alone: another one's says nothing of them, whatever it names.
 */
final class ServedHosts {
  /** Names that a certificate may have, each behind its organisation. */
  private final Set<String> names = new HashSet<>();

  /**
   * Hosts.
   *
   * @param organisations by the ids of sites; one without is no site any more
   */
  ServedHosts(Collection<SiteConfig> sites, Map<String, String> organisations) {
    for (SiteConfig site : sites) {
      String organisation = organisations.get(site.id());
      if (organisation != null) {
        site.hosts().forEach(host -> add(organisation, host));
      }
    }
  }

  private void add(String organisation, String host) {
    names.add(key(organisation, host));
    int dot = host.indexOf('.');
    if (dot > 0 && !host.startsWith("*.")) {
      names.add(key(organisation, "*" + host.substring(dot)));
    }
  }

  /** Whether a certificate is for one of them. */
  boolean want(Held certificate) {
    return certificate.certificate().hosts().stream()
        .anyMatch(name -> names.contains(key(certificate.organisation(), name)));
  }

  private static String key(String organisation, String name) {
    return organisation + ' ' + name;
  }
}
