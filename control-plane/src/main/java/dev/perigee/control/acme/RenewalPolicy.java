package dev.perigee.control.acme;

import dev.perigee.control.store.AcmeSite;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * When a site's certificate is ordered. A certificate is renewed when a third of its life is left;
 * each site a little earlier, by up to a twentieth of the life, so that those that were got
 * together are not renewed together. After a failure it is tried again after a pause that doubles,
 * up to a day. What is drawn hangs on the site's id alone, so all control planes draw the same.
 *
 * @param firstPause after the first failure
 */
record RenewalPolicy(Duration firstPause) {
  /** After many failures. */
  static final Duration MOST_PAUSE = Duration.ofDays(1);

  private static final int LIFE_PARTS = 3;
  private static final int JITTER_PARTS = 20;
  private static final int PAUSE_JITTER_PARTS = 4;
  private static final int MOST_DOUBLINGS = 20;

  /** When a site is due. */
  sealed interface Due {
    /** At this time, or since then. */
    record At(Instant time) implements Due {}

    /** Uploaded certificates name all its hosts until this time. */
    record Covered(Instant until) implements Due {}
  }

  /** When an order of the site is to begin. */
  Due due(AcmeSite site, Instant now) {
    if (site.covered().isPresent()) {
      AcmeSite.Covered covered = site.covered().get();
      if (now.isBefore(renewal(site.id(), covered.notBefore(), covered.notAfter()))) {
        return new Due.Covered(covered.notAfter());
      }
    }
    Instant wanted =
        site.current()
            .map(got -> renewal(site.id(), got.notBefore(), got.notAfter()))
            .orElse(Instant.EPOCH);
    // A failure says nothing of other hosts.
    Instant allowed =
        site.tried()
            .filter(tried -> tried.hosts().equals(site.hosts()))
            .flatMap(
                tried ->
                    Stream.of(tried.next(), tried.notBefore())
                        .flatMap(Optional::stream)
                        .max(Instant::compareTo))
            .orElse(Instant.EPOCH);
    return new Due.At(wanted.isAfter(allowed) ? wanted : allowed);
  }

  /** When a certificate is renewed. */
  Instant renewal(String site, Instant notBefore, Instant notAfter) {
    Duration life = Duration.between(notBefore, notAfter);
    Duration left = life.dividedBy(LIFE_PARTS).plus(drawn(site, life.dividedBy(JITTER_PARTS)));
    return notAfter.minus(left);
  }

  /**
   * When it is tried again.
   *
   * @param failures in a row, this one too
   * @param asked by the authority not to come before
   */
  Instant again(String site, int failures, Optional<Instant> asked, Instant now) {
    Duration pause = firstPause.multipliedBy(1L << Math.clamp(failures - 1, 0, MOST_DOUBLINGS));
    Duration least = pause.compareTo(MOST_PAUSE) < 0 ? pause : MOST_PAUSE;
    Duration jitter = drawn(site + failures, least.dividedBy(PAUSE_JITTER_PARTS));
    Instant own = now.plus(least).plus(jitter);
    return asked.filter(own::isBefore).orElse(own);
  }

  /** A part of the whole, the same for the same text. */
  private static Duration drawn(String text, Duration whole) {
    CRC32 hash = new CRC32();
    hash.update(text.getBytes(StandardCharsets.UTF_8));
    return Duration.ofMillis(whole.toMillis() * (hash.getValue() & 0xffff) / 0x10000);
  }
}
