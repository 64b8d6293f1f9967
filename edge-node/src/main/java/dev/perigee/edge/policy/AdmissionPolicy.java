package dev.perigee.edge.policy;

import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.RequestHead;
import java.util.Optional;

/** What every site admits: known methods, no loops; and the cache key of what it admits. */
public final class AdmissionPolicy {
  /** How often Via may name this network: layers of shields need a few. */
  private static final int MAX_HOPS = 8;

  private final String pseudonym;

  /**
   * @param pseudonym this network's name in Via
   */
  public AdmissionPolicy(String pseudonym) {
    this.pseudonym = pseudonym;
  }

  /**
   * Whether the request may go on.
   *
   * @param place asked only where the site's key has something of it
   */
  public Admission admit(RequestHead request, ClientPlace place, SiteConfig site, String keyHost) {
    Optional<Admission.DenyReason> denied = denied(request);
    if (denied.isPresent()) {
      return new Admission.Denied(denied.get());
    }
    return new Admission.Allowed(KeyPolicy.key(request, place, site, keyHost));
  }

  private Optional<Admission.DenyReason> denied(RequestHead request) {
    return switch (request.method()) {
      case "CONNECT" -> Optional.of(Admission.DenyReason.CONNECT);
      case "TRACE" -> Optional.of(Admission.DenyReason.TRACE);
      case "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS" ->
          hops(request) >= MAX_HOPS ? Optional.of(Admission.DenyReason.LOOP) : Optional.empty();
      default ->
          request.method().matches("[A-Z][A-Z-]{1,31}") && hops(request) < MAX_HOPS
              ? Optional.empty()
              : Optional.of(Admission.DenyReason.METHOD);
    };
  }

  private int hops(RequestHead request) {
    int hops = 0;
    for (String line : request.fields().all("Via")) {
      for (String hop : line.split(",", -1)) {
        hops += hop.strip().endsWith(" " + pseudonym) ? 1 : 0;
      }
    }
    return hops;
  }
}
