package dev.perigee.edge.policy;

import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.RequestHead;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;

/** What every site admits: known methods, no loops; and the cache key of what it admits. */
public final class AdmissionPolicy {
  private final LoopPolicy loops;

  /**
   * @param pseudonym this network's name in Via and CDN-Loop
   */
  public AdmissionPolicy(String pseudonym) {
    this.loops = new LoopPolicy(pseudonym);
  }

  /**
   * Whether the request of an exchange may go on.
   *
   * @param place asked only where the site's key has something of it
   * @param names whether a server name is a site's
   */
  public Admission admit(
      Exchange exchange,
      ClientPlace place,
      SiteConfig site,
      String keyHost,
      BiPredicate<SiteConfig, String> names) {
    Optional<Admission.DenyReason> uncertified =
        CertificatePolicy.denied(exchange.arrival(), site, names);
    if (uncertified.isPresent()) {
      return new Admission.Denied(uncertified.get());
    }
    return exchange.isOfReader()
        ? admit(exchange.head(), place, site, keyHost)
        : admitAgain(exchange.head(), place, site, keyHost);
  }

  /**
   * Whether the request may go on.
   *
   * @param place asked only where the site's key has something of it
   */
  public Admission admit(RequestHead request, ClientPlace place, SiteConfig site, String keyHost) {
    return admit(request, place, site, keyHost, loops.isLoop(request.fields()));
  }

  /**
   * The same for a request that another node of this network has let in: its fields name the
   * network for that, and the nodes that it has passed are known apart.
   */
  public Admission admitAgain(
      RequestHead request, ClientPlace place, SiteConfig site, String keyHost) {
    return admit(request, place, site, keyHost, false);
  }

  private static Admission admit(
      RequestHead request, ClientPlace place, SiteConfig site, String keyHost, boolean isLoop) {
    Optional<Admission.DenyReason> denied = denied(request, isLoop);
    if (denied.isPresent()) {
      return new Admission.Denied(denied.get());
    }
    if (isEndOfTheWay(request)) {
      return new Admission.Here();
    }
    return new Admission.Allowed(KeyPolicy.key(request, place, site, keyHost));
  }

  private static Optional<Admission.DenyReason> denied(RequestHead request, boolean isLoop) {
    return switch (request.method()) {
      case "CONNECT" -> Optional.of(Admission.DenyReason.CONNECT);
      case "TRACE" -> Optional.of(Admission.DenyReason.TRACE);
      case "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS" ->
          isLoop ? Optional.of(Admission.DenyReason.LOOP) : Optional.empty();
      default ->
          request.method().matches("[A-Z][A-Z-]{1,31}") && !isLoop
              ? Optional.empty()
              : Optional.of(Admission.DenyReason.METHOD);
    };
  }

  /** OPTIONS that may go no further is answered where it is (RFC 9110, section 7.6.2). */
  private static boolean isEndOfTheWay(RequestHead request) {
    return request.method().equals("OPTIONS")
        && request.fields().all("Max-Forwards").equals(List.of("0"));
  }
}
