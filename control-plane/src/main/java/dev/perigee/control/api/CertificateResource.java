package dev.perigee.control.api;

import dev.perigee.control.api.Routes.Route;
import dev.perigee.control.store.CertificateStore;
import dev.perigee.control.store.CertificateStore.CertificateSummary;
import dev.perigee.control.store.ExpiryPolicy;
import dev.perigee.control.store.Purview;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The sites' certificates, uploaded or got of an authority, without their keys. */
final class CertificateResource {
  private static final List<String> FILTERS = List.of("hosts", "issuer", "site");

  private final CertificateStore certificates;
  private final InstantSource clock;

  CertificateResource(CertificateStore certificates, InstantSource clock) {
    this.certificates = certificates;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(
        Routes.list(
            Access.VIEWER_OF_ALL,
            "/v1/certificates",
            "The certificates, by id; those with one of hosts, or got for a site.",
            "CertificateList",
            FILTERS,
            c -> list(c.purview(), Listing.of(c, FILTERS))),
        Routes.get(
            Access.VIEWER_OF_ALL,
            "/v1/certificates/{certificate}",
            "A certificate.",
            "Certificate",
            c -> show(c.purview(), c.path("certificate"))),
        new Route(
            Access.EDITOR_OF_ALL,
            "POST",
            "/v1/certificates",
            "Upload a certificate chain and its key, both PEM.",
            "CertificateUpload",
            "Certificate",
            List.of(),
            List.of(),
            c -> add(c.purview(), c.body())),
        Routes.bare(
            Access.EDITOR_OF_ALL,
            "DELETE",
            "/v1/certificates/{certificate}",
            "Remove a certificate.",
            "",
            c -> remove(c.purview(), c.path("certificate"))));
  }

  private Reply list(Purview purview, Listing listing) {
    return listing.page(
        certificates.all(purview), Listing.Order.NAME, CertificateSummary::id, this::view);
  }

  private Reply show(Purview purview, String id) {
    return certificates
        .find(purview, id)
        .map(found -> Reply.ok(view(found)))
        .orElseGet(() -> Reply.notFound("certificate"));
  }

  private Reply add(Purview purview, String body) {
    Input input = Input.read(body, Set.of("certificate", "privateKey", "organisation"));
    String organisation = Resources.organisation(input, purview);
    String chain = input.required("certificate");
    String key = input.required("privateKey");
    return input.problems().isEmpty()
        ? Resources.changed(
            certificates.add(organisation, purview.isAll(), chain, key),
            "certificate",
            added -> Reply.created(view(added)))
        : Reply.invalid(input.problems());
  }

  private Reply remove(Purview purview, String id) {
    return Resources.changed(
        certificates.remove(purview, id), "certificate", removed -> new Reply.Empty());
  }

  private Map<String, Object> view(CertificateSummary certificate) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", certificate.id());
    view.put("hosts", certificate.hosts());
    view.put("issuer", certificate.issuer());
    view.put("notBefore", certificate.notBefore().toString());
    view.put("notAfter", certificate.notAfter().toString());
    certificate.site().ifPresent(site -> view.put("site", site));
    ExpiryPolicy.warning(certificate, clock.instant())
        .ifPresent(warning -> view.put("warning", warning));
    return view;
  }
}
