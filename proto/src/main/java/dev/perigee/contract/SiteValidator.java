package dev.perigee.contract;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The rules a site must keep on both sides; an edge trusts no control plane to have checked. */
public final class SiteValidator {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+");

  private SiteValidator() {}

  /** Everything wrong with the site; empty when it may serve. */
  public static List<Problem> problems(SiteConfig site) {
    List<Problem> problems = new ArrayList<>();
    if (!isLabel(site.id())) {
      problems.add(new Problem("id", "must be 1 to 63 of a-z, 0-9 and inner hyphens"));
    }
    hosts(site, problems);
    if (site.pools().isNone()) {
      origins(site, problems);
    }
    regions(site, problems);
    problems.addAll(CachePolicyValidator.problems(site.cache()));
    problems.addAll(OriginPoolsValidator.problems(site.pools()));
    problems.addAll(HidingPolicyValidator.problems(site.hiding()));
    problems.addAll(SteeringPolicyValidator.problems(site.steering()));
    problems.addAll(RateRuleValidator.problems(site.limits()));
    bandwidth(site, problems);
    problems.addAll(CompressionPolicyValidator.problems(site.compression()));
    acme(site).ifPresent(problems::add);
    problems.addAll(ClientCertificatesValidator.problems(site.clientCertificates()));
    return problems;
  }

  /** Whether {@code text} can be a site id, node name or region: a lower-case DNS label. */
  public static boolean isLabel(String text) {
    return LABEL.matcher(text).matches();
  }

  private static Optional<Problem> acme(SiteConfig site) {
    if (site.acme() == AcmeChallenge.OFF) {
      return Optional.empty();
    }
    if (site.hosts().size() > Limits.ACME_HOSTS) {
      return Optional.of(
          new Problem(
              "acme",
              "a certificate that is got has at most %d hosts: split the site, or upload one"
                  .formatted(Limits.ACME_HOSTS)));
    }
    Optional<String> literal =
        site.hosts().stream()
            .filter(host -> host.startsWith("[") || ADDRESS.matcher(host).matches())
            .findFirst();
    if (literal.isPresent()) {
      return Optional.of(new Problem("acme", "is for names, which this is not: " + literal.get()));
    }
    return site.hosts().stream()
        .filter(host -> site.acme() == AcmeChallenge.HTTP_01 && host.startsWith("*."))
        .findFirst()
        .map(host -> new Problem("acme", "http-01 cannot prove " + host + ": use dns-01"));
  }

  private static void bandwidth(SiteConfig site, List<Problem> problems) {
    boolean isRate =
        site.bandwidth() >= Limits.LEAST_BANDWIDTH && site.bandwidth() <= Limits.MOST_BANDWIDTH;
    if (site.bandwidth() != 0 && !isRate) {
      problems.add(
          new Problem(
              "bandwidth",
              "must be 0, or "
                  + Limits.LEAST_BANDWIDTH
                  + " to "
                  + Limits.MOST_BANDWIDTH
                  + " bytes a second"));
    }
  }

  private static void hosts(SiteConfig site, List<Problem> problems) {
    if (site.hosts().isEmpty()) {
      problems.add(new Problem("hosts", "must name at least one host"));
    }
    if (site.hosts().size() > Limits.SITE_HOSTS) {
      problems.add(new Problem("hosts", "must be at most " + Limits.SITE_HOSTS));
    }
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < site.hosts().size(); i++) {
      String host = site.hosts().get(i);
      boolean normal = HostName.normalisePattern(host).filter(host::equals).isPresent();
      if (!normal) {
        problems.add(new Problem("hosts[" + i + "]", "is not a host name: " + host));
      } else if (!seen.add(host)) {
        problems.add(new Problem("hosts[" + i + "]", "stands twice: " + host));
      }
    }
  }

  private static void origins(SiteConfig site, List<Problem> problems) {
    if (site.origins().isEmpty()) {
      problems.add(new Problem("origins", "must name at least one server"));
    }
    if (site.origins().size() > Limits.SITE_ORIGINS) {
      problems.add(new Problem("origins", "must be at most " + Limits.SITE_ORIGINS));
    }
  }

  private static void regions(SiteConfig site, List<Problem> problems) {
    if (site.regions().size() > Limits.SITE_REGIONS) {
      problems.add(new Problem("regions", "must be at most " + Limits.SITE_REGIONS));
    }
    for (String region : site.regions()) {
      if (!isLabel(region)) {
        problems.add(new Problem("regions", "is not a region's name: " + region));
      }
    }
  }
}
