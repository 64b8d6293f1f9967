package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.TicketKey;
import dev.perigee.edge.table.HashTrie;
import dev.perigee.keys.SealingKeys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies in the state folder of a node, and what it is sealed with. */
class StateKeysTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final byte[] SITE_KEY = new byte[120];
  private static final byte[] TICKET_SECRET = new byte[TicketKey.SECRET_BYTES];

  static {
    RANDOM.nextBytes(SITE_KEY);
    RANDOM.nextBytes(TICKET_SECRET);
  }

  private final String one = SealingKeys.newLine("one", RANDOM);
  private final String two = SealingKeys.newLine("two", RANDOM);
  private final TestAuthority authority = new TestAuthority();
  @TempDir Path folder;
  private Path state = Path.of("");

  @BeforeEach
  void make() throws IOException {
    state = Files.createDirectories(folder.resolve("fra-1"));
  }

  private StateKeys keys(String lines) throws IOException {
    return StateKeys.open(Optional.empty(), Optional.of(lines), state, RANDOM);
  }

  private StateKeys own() throws IOException {
    return StateKeys.open(Optional.empty(), Optional.empty(), state, RANDOM);
  }

  private static ConfigState config(String id) {
    Bytes key = Bytes.copyOf(SITE_KEY);
    CertificateConfig certificate =
        new CertificateConfig(id, List.of("www.shop.example"), List.of(key), key);
    ConfigState empty = ConfigState.empty();
    return new ConfigState(
        "log",
        7,
        "cdn.example",
        empty.sites(),
        HashTrie.of(List.of(certificate), CertificateConfig::id),
        empty.peers());
  }

  private Identity identity() throws Exception {
    TestAuthority.Issued own = authority.node("fra-1");
    return new Identity(own.key(), own.certificate(), authority.certificate());
  }

  /** Writes all that a node keeps secret. */
  private Identity write(StateKeys keys) throws Exception {
    Identity identity = identity();
    identity.save(state.resolve("identity.pem"), keys);
    try (LastGoodStore lastGood = new LastGoodStore(state.resolve("last-good"), keys)) {
      lastGood.save(config("a"));
      lastGood.save(config("b")); // in the journal
    }
    TicketKey ticket =
        new TicketKey(
            Bytes.copyOf(new byte[TicketKey.NAME_BYTES]),
            Bytes.copyOf(TICKET_SECRET),
            Instant.EPOCH,
            Instant.now().plusSeconds(600));
    tickets(keys, new AtomicReference<>()).take(new FromControl.TicketKeys(List.of(ticket)));
    return identity;
  }

  private TicketKeeper tickets(StateKeys keys, AtomicReference<List<TicketKey>> used) {
    return new TicketKeeper(
        state.resolve("ticket-keys"), keys, InstantSource.system(), RANDOM, used::set);
  }

  private void assertReadable(StateKeys keys, Identity identity) throws Exception {
    Identity read =
        new Enrolment(List.of(), state.resolve("identity.pem"), keys, Instant::now)
            .identity("fra-1", Optional.empty());
    assertEquals(identity, read);
    try (LastGoodStore lastGood = new LastGoodStore(state.resolve("last-good"), keys)) {
      assertEquals(Optional.of(config("b")), lastGood.recover());
    }
    AtomicReference<List<TicketKey>> used = new AtomicReference<>(List.of());
    tickets(keys, used).start();
    assertEquals(Bytes.copyOf(TICKET_SECRET), used.get().getFirst().secret());
  }

  private boolean lies(byte[] secret) throws IOException {
    String sought = new String(secret, StandardCharsets.ISO_8859_1);
    try (Stream<Path> files = Files.walk(state)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertEquals(
            "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        if (Files.readString(file, StandardCharsets.ISO_8859_1).contains(sought)) {
          return true;
        }
      }
      return false;
    }
  }

  private boolean lies(Identity identity) throws IOException {
    String pem = Files.readString(state.resolve("identity.pem"));
    byte[] der = identity.key().getEncoded();
    String begin = java.util.Base64.getEncoder().encodeToString(Arrays.copyOf(der, 45));
    return pem.contains(begin);
  }

  @Test
  void nothingSecretLiesOpenInTheStateFolderAndTheOwnKeyIsBesideIt() throws Exception {
    Identity identity = write(own());
    assertFalse(lies(SITE_KEY));
    assertFalse(lies(TICKET_SECRET));
    assertFalse(lies(identity));
    Path key = folder.resolve("fra-1.key");
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(key)));
    assertReadable(own(), identity);
  }

  @Test
  void whatAnEarlierBuildLeftOpenIsSealedByTheNextStart() throws Exception {
    Identity identity = write(StateKeys.none());
    assertTrue(lies(SITE_KEY) && lies(TICKET_SECRET) && lies(identity));
    assertReadable(own(), identity);
    assertFalse(lies(SITE_KEY));
    assertFalse(lies(TICKET_SECRET));
    assertFalse(lies(identity));
    assertReadable(own(), identity);
  }

  @Test
  void aKeyIsRotatedFromTheOwnOneToOneThatIsGivenAndToTheNext() throws Exception {
    Identity identity = write(own());
    assertReadable(keys(one), identity);
    Files.delete(folder.resolve("fra-1.key"));
    assertReadable(keys(one), identity);
    assertReadable(keys(two + one), identity);
    assertReadable(keys(two), identity);
    EnrolmentException refused =
        assertThrows(EnrolmentException.class, () -> assertReadable(keys(one), identity));
    String said = String.valueOf(refused.getMessage());
    assertTrue(said.contains("'two', which is not here: give it by --key-file"), said);
  }

  @Test
  void aCopyOfTheStateFolderAloneGivesNothing() throws Exception {
    write(own());
    Files.delete(folder.resolve("fra-1.key"));
    EnrolmentException refused =
        assertThrows(
            EnrolmentException.class,
            () ->
                new Enrolment(List.of(), state.resolve("identity.pem"), own(), Instant::now)
                    .identity("fra-1", Optional.empty()));
    assertTrue(String.valueOf(refused.getMessage()).contains("which is not here"));
    try (LastGoodStore copied = new LastGoodStore(state.resolve("last-good"), own())) {
      assertEquals(Optional.empty(), copied.recover());
    }
  }

  @Test
  void aFileAndTheEnvironmentTogetherAndAFileThatOthersReadAreRefused() throws Exception {
    Path file = Files.writeString(folder.resolve("keys"), one);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertTrue(problem(Optional.of(file), Optional.of(one)).contains("give one of them"));
    assertTrue(problem(Optional.of(file), Optional.empty()).contains("chmod 600"));
    Path none = folder.resolve("none");
    assertTrue(problem(Optional.of(none), Optional.empty()).contains("can be read"));
  }

  private String problem(Optional<Path> file, Optional<String> text) {
    return String.valueOf(
        assertThrows(IOException.class, () -> StateKeys.open(file, text, state, RANDOM))
            .getMessage());
  }

  @Test
  void whatIsSealedComesBackWhateverItsLength() throws Exception {
    StateKeys keys = own();
    for (int length : new int[] {0, 1, 15, 16, 17, 4096, 1 << 20}) {
      byte[] secret = new byte[length];
      RANDOM.nextBytes(secret);
      assertArrayEquals(secret, keys.open("it", keys.seal("it", secret)));
    }
  }
}
