package dev.perigee.control.store;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Whether a certificate ends so soon that somebody has to see to it: 21 days before its end, or
 * when a quarter of its life is left where that is less. One that is got of an authority is renewed
 * before that.
 */
public final class ExpiryPolicy {
  static final Duration SOON = Duration.ofDays(21);
  static final int LIFE_PARTS = 4;

  private ExpiryPolicy() {}

  /** Whether it ended or ends soon. */
  public static boolean isSoon(CertificateStore.CertificateSummary certificate, Instant now) {
    Duration part =
        Duration.between(certificate.notBefore(), certificate.notAfter()).dividedBy(LIFE_PARTS);
    Duration before = part.compareTo(SOON) < 0 ? part : SOON;
    return !now.isBefore(certificate.notAfter().minus(before));
  }

  /** What to do about it; empty while there is nothing to do. */
  public static Optional<String> warning(
      CertificateStore.CertificateSummary certificate, Instant now) {
    if (!isSoon(certificate, now)) {
      return Optional.empty();
    }
    Duration left = Duration.between(now, certificate.notAfter());
    String when =
        left.isNegative()
            ? "has expired"
            : left.toDays() > 0
                ? "expires in " + left.toDays() + " days"
                : "expires in " + left.toHours() + " hours";
    return Optional.of(
        when
            + certificate
                .site()
                .map(site -> ": it was not renewed, see the site's acme state")
                .orElse(": upload the next one"));
  }
}
