package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.store.DnsChallenge;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The zone's texts and certificates follow the database, and outlive it. */
class DnsFactsTest {
  private final List<DnsChallenge> challenges = new ArrayList<>();
  private final List<String> certificates = new ArrayList<>();
  private final AtomicInteger reads = new AtomicInteger();
  private final AtomicLong revision = new AtomicLong();
  private final DnsFacts facts =
      new DnsFacts(
          () -> List.copyOf(challenges),
          () -> {
            reads.incrementAndGet();
            return List.copyOf(certificates);
          },
          () -> {
            if (revision.get() < 0) {
              throw new IllegalStateException("the database is away");
            }
            return revision.get();
          });

  @Test
  void certificatesAreReadAnewWithEachRevisionAndTextsAlways() {
    certificates.add("*.shop.example");
    facts.refresh();
    assertTrue(facts.get().hasCertificate("www.shop.example"));
    assertFalse(facts.get().hasCertificate("a.www.shop.example"));
    challenges.add(new DnsChallenge("a.cdn.example", List.of("one"), 60));
    facts.refresh();
    assertEquals(1, reads.get());
    Texts told = facts.get().texts().get("a.cdn.example");
    assertEquals(60, told == null ? -1 : told.ttlSeconds());
    certificates.clear();
    revision.incrementAndGet();
    facts.refresh();
    assertFalse(facts.get().hasCertificate("www.shop.example"));
  }

  @Test
  void whatIsTheSameIsNotMadeAnew() {
    challenges.add(new DnsChallenge("a.cdn.example", List.of("one"), 60));
    facts.refresh();
    ZoneFacts before = facts.get();
    facts.refresh();
    assertSame(before, facts.get());
  }

  @Test
  void whileTheDatabaseIsAwayEverythingStays() {
    challenges.add(new DnsChallenge("a.cdn.example", List.of("one"), 60));
    facts.refresh();
    challenges.clear();
    revision.set(-1);
    facts.refresh();
    assertEquals(1, facts.get().texts().size());
  }
}
