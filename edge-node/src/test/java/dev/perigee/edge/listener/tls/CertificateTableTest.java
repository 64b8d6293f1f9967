package dev.perigee.edge.listener.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.table.HashTrie;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A table made of another by what changed is the one that is made of all certificates. */
class CertificateTableTest {
  private final TestAuthority authority = new TestAuthority();

  private static HashTrie<CertificateConfig> all(CertificateConfig... certificates) {
    return HashTrie.of(List.of(certificates), CertificateConfig::id);
  }

  private static Optional<String> alias(CertificateTable table, String name) {
    return table.find(name, "EC").map(CertificateTable.Entry::alias);
  }

  @Test
  void aNameKeepsTheOtherCertificateWhenOneOfTwoGoes() throws GeneralSecurityException {
    CertificateConfig one = authority.server("EC", "a.example").config("a.example", "b.example");
    CertificateConfig two = authority.server("EC", "a.example").config("a.example");
    CertificateTable both = CertificateTable.empty().with(all(one)).with(all(one, two));
    assertEquals(
        alias(CertificateTable.empty().with(all(two, one)), "a.example"),
        alias(both, "a.example"),
        "whatever came first");
    CertificateTable left = both.with(all(two));
    assertEquals(Optional.of(two.id()), alias(left, "a.example"));
    assertFalse(left.covers("b.example"));
    assertEquals(Optional.empty(), left.byAlias(one.id()));
    assertTrue(both.covers("b.example"), "who began before still has it");
    assertFalse(left.with(all()).covers("a.example"));
  }

  @Test
  void whereNothingChangesTheTableIsTheSame() throws GeneralSecurityException {
    CertificateConfig one = authority.server("EC", "*.a.example").config("*.a.example");
    CertificateTable table = CertificateTable.empty().with(all(one));
    assertSame(table, table.with(all(one)));
    assertEquals(Optional.of(one.id()), alias(table, "WWW.a.example"));
  }
}
