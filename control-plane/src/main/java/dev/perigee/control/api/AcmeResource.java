package dev.perigee.control.api;

import dev.perigee.contract.AcmeChallenge;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.store.AcmeSite;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.VisibleSites;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How far sites are with certificates that are got of an authority. */
final class AcmeResource {
  private final ApiPorts.Acme acme;
  private final VisibleSites visible;

  AcmeResource(ApiPorts.Acme acme, VisibleSites visible) {
    this.acme = acme;
    this.visible = visible;
  }

  /** How a site's certificate is to be got, as a site says it. */
  static AcmeChallenge challenge(Input site) {
    Optional<String> given = site.text("acme");
    Optional<AcmeChallenge> challenge = given.flatMap(AcmeChallenge::of);
    if (given.isPresent() && challenge.isEmpty()) {
      site.problem("acme", "must be off, http-01 or dns-01: " + given.get());
    }
    return challenge.orElse(AcmeChallenge.OFF);
  }

  List<Route> routes() {
    return List.of(
        Routes.get(
            Access.VIEWER,
            "/v1/sites/{site}/acme",
            "How far the site is with a certificate that is got of an authority.",
            "AcmeState",
            c -> show(c.purview(), c.path("site"))),
        Routes.bare(
            Access.EDITOR,
            "POST",
            "/v1/sites/{site}/acme/retry",
            "Order the site's certificate at once, where that failed before.",
            "AcmeState",
            c -> retry(c.purview(), c.path("site"))));
  }

  private Reply show(Purview purview, String name) {
    return visible
        .find(purview, name)
        .map(held -> Reply.ok(view(held.site())))
        .orElseGet(() -> Reply.notFound("site"));
  }

  private Reply retry(Purview purview, String name) {
    return visible
        .find(purview, name)
        .map(
            held ->
                Resources.changed(
                    acme.store().retry(held.site(), held.revision()),
                    "site",
                    site -> Reply.ok(view(site))))
        .orElseGet(() -> Reply.notFound("site"));
  }

  private Map<String, Object> view(SiteConfig site) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("site", site.id());
    view.put("challenge", site.acme().token());
    Optional<AcmeSite> found = acme.sites().find(site.id());
    view.put("state", state(found));
    found.ifPresent(one -> describe(view, one));
    return view;
  }

  private String state(Optional<AcmeSite> found) {
    if (found.isEmpty()) {
      return "off";
    }
    AcmeSite site = found.get();
    if (!acme.on()) {
      return "not-agreed";
    }
    if (site.running()) {
      return "ordering";
    }
    if (acme.next().of(site, acme.clock().instant()).isEmpty()) {
      return "uploaded";
    }
    if (site.tried().filter(tried -> !tried.problem().isEmpty()).isPresent()) {
      return "failing";
    }
    return site.current().isPresent() ? "issued" : "due";
  }

  private void describe(Map<String, Object> view, AcmeSite site) {
    site.got()
        .ifPresent(
            got -> {
              view.put("certificate", got.id());
              view.put("notAfter", got.notAfter().toString());
            });
    if (acme.on() && !site.running()) {
      Optional<Instant> next = acme.next().of(site, acme.clock().instant());
      next.ifPresent(time -> view.put("nextTry", time.toString()));
    }
    site.tried()
        .ifPresent(
            tried -> {
              if (tried.at().isAfter(Instant.EPOCH)) {
                view.put("triedAt", tried.at().toString());
              }
              view.put("failures", tried.failures());
              if (!tried.problem().isEmpty()) {
                view.put("problem", tried.problem());
              }
              if (site.running()) {
                view.put("step", tried.step());
              }
            });
  }
}
