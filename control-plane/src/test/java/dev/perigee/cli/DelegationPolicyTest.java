package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.cli.Delegation.Finding;
import dev.perigee.cli.Delegation.Level;
import dev.perigee.cli.Delegation.Served;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What does not fit between a parent and the servers of a zone. */
final class DelegationPolicyTest {
  private static final String NAME = "ns1.cdn.example";

  private static NavigableMap<String, NavigableSet<String>> glue(String... addresses) {
    return new TreeMap<>(Map.of(NAME, new TreeSet<>(List.of(addresses))));
  }

  private static Delegation parent(String... addresses) {
    return new Delegation(new TreeSet<>(Set.of(NAME)), glue(addresses), Set.of());
  }

  private static Served served(long serial, String... addresses) {
    return new Served(
        NAME, "192.0.2.1:53", serial, new TreeSet<>(Set.of(NAME)), glue(addresses), List.of());
  }

  private static Level level(List<Finding> found, String about) {
    return found.stream()
        .filter(one -> one.about().startsWith(about))
        .map(Finding::level)
        .findFirst()
        .orElseThrow();
  }

  private static DelegationPolicy policy(long tolerance) {
    return new DelegationPolicy("cdn.example", Map.of(), tolerance);
  }

  @ParameterizedTest
  @CsvSource({
    "7, 7, 0, OK",
    "7, 8, 0, ERROR",
    "7, 9, 2, OK",
    "7, 10, 2, ERROR",
    "4294967295, 0, 1, OK",
    "4294967295, 1, 1, ERROR"
  })
  void serialsMayDifferAsFarAsIsAllowedAlsoWhereTheyGoRound(
      long one, long other, long tolerance, Level level) {
    List<Served> served = List.of(served(one, "192.0.2.1"), served(other, "192.0.2.1"));
    List<Finding> found = policy(tolerance).judge(parent("192.0.2.1"), served);
    assertEquals(level, level(found, "serial"));
  }

  @Test
  void addressesAreThoseThatTheZoneTellsOrThatAreMeant() {
    List<Served> told = List.of(served(1, "192.0.2.1"));
    assertEquals(
        Level.OK, level(policy(0).judge(parent("192.0.2.1"), told), "addresses of " + NAME));
    assertEquals(
        Level.ERROR, level(policy(0).judge(parent("192.0.2.2"), told), "addresses of " + NAME));
    assertEquals(Level.ERROR, level(policy(0).judge(parent(), told), "addresses of " + NAME));
    DelegationPolicy meant =
        new DelegationPolicy("cdn.example", Map.of(NAME, new TreeSet<>(Set.of("192.0.2.3"))), 0);
    assertEquals(
        Level.ERROR, level(meant.judge(parent("192.0.2.1"), told), "addresses of " + NAME));
  }
}
