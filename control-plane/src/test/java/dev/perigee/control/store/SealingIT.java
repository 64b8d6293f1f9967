package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.TicketKey;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Private keys in a database, sealed when a control plane starts. */
class SealingIT {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final TestPostgres postgres = TestPostgres.fresh();
  private final Database database = postgres.database();
  private final String one = line("one");
  private final String two = line("two");

  @AfterEach
  void close() {
    postgres.close();
  }

  private static String line(String id) {
    byte[] key = new byte[32];
    RANDOM.nextBytes(key);
    return id + ":" + Base64.getEncoder().encodeToString(key) + "\n";
  }

  private static KeyRing ring(String lines) throws IOException {
    return KeyRing.parse("keys", lines, RANDOM);
  }

  private PostgresCertificateStore certificates(KeyRing keys) {
    return new PostgresCertificateStore(
        database, new LogNumbers(database), InstantSource.system(), keys);
  }

  private List<CertificateConfig> held(KeyRing keys) {
    return certificates(keys).allWithKeys().stream()
        .map(PostgresCertificateStore.Held::certificate)
        .toList();
  }

  private TicketKeyStore tickets(KeyRing keys) {
    return new TicketKeyStore(database, keys);
  }

  private CertificateConfig added(KeyRing keys, String host) throws Exception {
    TestPem pem = TestPem.ec(host);
    assertTrue(certificates(keys).add(pem.certificate(), pem.key()) instanceof Change.Committed<?>);
    return held(keys).stream()
        .filter(certificate -> certificate.hosts().contains(host))
        .findFirst()
        .orElseThrow();
  }

  private static TicketKey ticketKey() {
    byte[] name = new byte[TicketKey.NAME_BYTES];
    byte[] secret = new byte[TicketKey.SECRET_BYTES];
    RANDOM.nextBytes(name);
    RANDOM.nextBytes(secret);
    Instant begins = Instant.parse("2026-11-26T12:00:00Z");
    return new TicketKey(Bytes.copyOf(name), Bytes.copyOf(secret), begins, begins.plusSeconds(60));
  }

  /** By what is sealed what lies in the database. */
  private List<String> sealedBy() {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT coalesce(sealed_by, 'open') FROM certificate"
                        + " UNION ALL SELECT coalesce(sealed_by, 'open') FROM ticket_key")
                .mapTo(String.class)
                .list());
  }

  private boolean lies(Bytes secret) {
    return database.read(
        handle ->
            handle
                    .createQuery(
                        "SELECT (SELECT count(*) FROM certificate WHERE position(? in private_key)"
                            + " > 0) + (SELECT count(*) FROM ticket_key WHERE position(? in secret)"
                            + " > 0)")
                    .bind(0, secret.toArray())
                    .bind(1, secret.toArray())
                    .mapTo(Integer.class)
                    .one()
                > 0);
  }

  @Test
  void aCertificateIsSealedWithWhatEveryControlPlaneHas() throws Exception {
    String one = line("one");
    String two = line("two");
    postgres.execute(
        "INSERT INTO replica (id, address, build, opens)"
            + " VALUES (gen_random_uuid(), 'a:1', 'test', '{one}')");
    KeyRing next = ring(two + one);
    Sealing sealing = new Sealing(database, next);
    assertEquals(0, sealing.run());
    CertificateConfig certificate = added(next, "www.shop.example");
    assertEquals(List.of("one"), sealedBy());
    assertEquals(List.of(certificate), held(ring(one)), "who is not started anew yet reads it");

    postgres.execute("UPDATE replica SET opens = '{two,one}'");
    assertEquals(1, sealing.look());
    assertEquals(List.of("two"), sealedBy());
    assertEquals(0, sealing.look());
  }

  @Test
  void whatLayOpenIsSealedAndWhatWasSealedIsSealedWithTheNextKey() throws Exception {
    CertificateConfig certificate = added(KeyRing.none(), "www.shop.example");
    TicketKey ticket = ticketKey();
    tickets(KeyRing.none()).change(before -> List.of(ticket));
    assertEquals(0, new Sealing(database, KeyRing.none()).run());
    assertTrue(lies(certificate.privateKey()));
    for (String lines : List.of(one, two + one, two)) {
      KeyRing keys = ring(lines);
      int due = lines.equals(two) ? 0 : 2;
      assertEquals(due, new Sealing(database, keys).run(), "once");
      assertEquals(0, new Sealing(database, keys).run());
      String by = keys.current().orElseThrow();
      assertEquals(List.of(by, by), sealedBy());
      assertFalse(lies(certificate.privateKey()));
      assertFalse(lies(ticket.secret()));
      assertEquals(List.of(certificate), held(keys));
      assertEquals(List.of(ticket), tickets(keys).all());
    }
  }

  @Test
  void whatIsAddedIsSealedAtOnce() throws Exception {
    KeyRing keys = ring(one);
    CertificateConfig certificate = added(keys, "www.shop.example");
    tickets(keys).change(before -> List.of(ticketKey()));
    assertEquals(List.of("one", "one"), sealedBy());
    assertFalse(lies(certificate.privateKey()));
  }

  @Test
  void withoutTheKeyOrWithAnotherOneNothingStartsAndNothingChanges() throws Exception {
    CertificateConfig certificate = added(ring(one), "www.shop.example");
    byte[] before = kept();
    for (KeyRing lacking : List.of(KeyRing.none(), ring(two), ring(line("one")))) {
      StoreException refused =
          assertThrows(StoreException.class, () -> new Sealing(database, lacking).run());
      String said = String.valueOf(refused.getMessage());
      assertTrue(said.contains(certificate.id()) && said.contains("'one'"), said);
      assertArrayEquals(before, kept());
    }
    assertEquals(List.of(certificate), held(ring(one)));
  }

  private byte[] kept() {
    return database.read(
        handle ->
            handle.createQuery("SELECT private_key FROM certificate").mapTo(byte[].class).one());
  }
}
