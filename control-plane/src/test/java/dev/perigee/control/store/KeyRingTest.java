package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys that private keys are sealed with. */
class KeyRingTest {
  private static final Bytes SECRET =
      Bytes.copyOf("a private key".getBytes(StandardCharsets.US_ASCII));
  private static final SecureRandom RANDOM = new SecureRandom();
  private final String one = line("one");
  private final String two = line("two");
  @TempDir Path folder;

  private static String line(String id) {
    byte[] key = new byte[32];
    RANDOM.nextBytes(key);
    return id + ":" + Base64.getEncoder().encodeToString(key) + "\n";
  }

  private static KeyRing ring(String lines) throws IOException {
    return KeyRing.parse("keys", lines, RANDOM);
  }

  private static String problem(String lines) {
    return String.valueOf(assertThrows(IOException.class, () -> ring(lines)).getMessage());
  }

  @Test
  void theFirstSealsAndEachOpensWhatItSealed() throws IOException {
    KeyRing.Kept kept = ring(one).seal("row 1", SECRET);
    assertEquals(Optional.of("one"), kept.by());
    assertNotEquals(SECRET, kept.content());
    assertNotEquals(kept, ring(one).seal("row 1", SECRET), "another nonce each time");
    assertEquals(SECRET, ring(two + one).open("row 1", kept));
    assertEquals(Optional.of("two"), ring("# keys\n\n" + two + one).seal("row 1", SECRET).by());
  }

  @Test
  void aSecretOpensInItsOwnRowAloneAndUnchanged() throws IOException {
    KeyRing keys = ring(one);
    KeyRing.Kept kept = keys.seal("row 1", SECRET);
    assertThrows(StoreException.class, () -> keys.open("row 2", kept));
    for (int i = 0; i < kept.content().length(); i++) {
      byte[] changed = kept.content().toArray();
      changed[i] ^= 1;
      KeyRing.Kept other = new KeyRing.Kept(kept.by(), Bytes.copyOf(changed));
      assertThrows(StoreException.class, () -> keys.open("row 1", other));
    }
  }

  @Test
  void whoLacksTheKeyIsToldWhichAndWhoHasAnotherOneThatItIs() throws IOException {
    KeyRing.Kept kept = ring(one).seal("certificate 7", SECRET);
    for (KeyRing lacking : List.of(KeyRing.none(), ring(two))) {
      String said =
          assertThrows(StoreException.class, () -> lacking.open("certificate 7", kept))
              .getMessage();
      assertEquals(
          "certificate 7 is sealed with the key 'one', which is not here: give it by --key-file or"
              + " PERIGEE_KEYS",
          said);
    }
    KeyRing wrong = ring(line("one"));
    String said =
        String.valueOf(
            assertThrows(StoreException.class, () -> wrong.open("certificate 7", kept))
                .getMessage());
    assertTrue(said.contains("the key 'one' is another one"), said);
  }

  @Test
  void withoutKeysASecretLiesOpen() {
    KeyRing.Kept kept = KeyRing.none().seal("row 1", SECRET);
    assertEquals(new KeyRing.Kept(Optional.empty(), SECRET), kept);
    assertEquals(SECRET, KeyRing.none().open("row 1", kept));
  }

  @Test
  void whatIsNoKeyIsRefusedWithWhatToDo() {
    for (String line : List.of("one", "one:", "One:" + one.substring(4), "one:AAAA", ":" + one)) {
      assertTrue(problem(line).contains("openssl rand -base64 32"), line);
    }
    assertTrue(problem("").contains("1 to 16 keys"));
    assertTrue(problem(one + one).contains("two keys have the id one"));
  }

  @Test
  void aFileThatOthersCanReadIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("keys"), one);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    String said =
        String.valueOf(
            assertThrows(IOException.class, () -> KeyRing.of(file, RANDOM)).getMessage());
    assertTrue(said.contains("chmod 600"), said);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    assertEquals(Optional.of("one"), KeyRing.of(file, RANDOM).current());
  }
}
