package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The keys that private keys are sealed with in the database, by AES-256-GCM (NIST SP 800-38D): the
 * first one seals, each opens what it sealed. Without a key nothing is sealed. The database and its
 * backups hold none of them.
 */
public final class KeyRing {
  /** The environment's variable with what {@code --key-file} has in a file. */
  public static final String VARIABLE = "PERIGEE_KEYS";

  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final int MOST_KEYS = 16;
  private static final Set<PosixFilePermission> OWNERS =
      Set.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE);

  private final Map<String, SecretKey> keys;
  private final Optional<SecureRandom> random;

  private KeyRing(Map<String, SecretKey> keys, Optional<SecureRandom> random) {
    this.keys = keys;
    this.random = random;
  }

  /**
   * What a row holds.
   *
   * @param by the id of the key that sealed it; empty where it is as it is
   */
  record Kept(Optional<String> by, Bytes content) {
    static Kept of(@Nullable String by, byte[] content) {
      return new Kept(Optional.ofNullable(by), Bytes.copyOf(content));
    }
  }

  /** Seals nothing, and opens what is not sealed. */
  public static KeyRing none() {
    return new KeyRing(Map.of(), Optional.empty());
  }

  /**
   * The keys of a file that nobody but its owner can read.
   *
   * @throws IOException with a sentence that says what is wrong with it
   */
  public static KeyRing of(Path file, SecureRandom random) throws IOException {
    Set<PosixFilePermission> modes = Files.getPosixFilePermissions(file);
    if (!OWNERS.containsAll(modes)) {
      throw new IOException("--key-file: others can read " + file + "; chmod 600 it");
    }
    return parse("--key-file " + file, Files.readString(file), random);
  }

  /**
   * Keys as text: a line each, {@code ID:BASE64} of 32 bytes, the one that seals first.
   *
   * @param where is named in what is wrong
   */
  public static KeyRing parse(String where, String text, SecureRandom random) throws IOException {
    Map<String, SecretKey> keys = new LinkedHashMap<>();
    for (String line : text.lines().map(String::strip).toList()) {
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int colon = line.indexOf(':');
      String id = colon < 0 ? "" : line.substring(0, colon);
      byte[] key = key(line.substring(colon + 1).strip());
      if (!ID.matcher(id).matches() || key.length != KEY_BYTES) {
        throw new IOException(
            where
                + ": a line is ID:KEY, the id of a-z, 0-9 and -, the key 32 bytes in base64, as"
                + " `echo \"2026-11:$(openssl rand -base64 32)\"` makes it");
      }
      if (keys.put(id, new SecretKeySpec(key, "AES")) != null) {
        throw new IOException(where + ": two keys have the id " + id);
      }
    }
    if (keys.isEmpty() || keys.size() > MOST_KEYS) {
      throw new IOException(where + ": it has to hold 1 to " + MOST_KEYS + " keys");
    }
    return new KeyRing(keys, Optional.of(random));
  }

  private static byte[] key(String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  /** The id of the key that seals; empty where nothing is sealed. */
  public Optional<String> current() {
    return keys.keySet().stream().findFirst();
  }

  /**
   * A secret as the database is to keep it.
   *
   * @param row which row it is of: it opens in no other one
   */
  Kept seal(String row, Bytes secret) {
    Optional<String> id = current();
    if (id.isEmpty()) {
      return new Kept(id, secret);
    }
    byte[] nonce = new byte[NONCE_BYTES];
    random.orElseThrow().nextBytes(nonce);
    try {
      byte[] sealed = cipher(Cipher.ENCRYPT_MODE, id.get(), nonce, row).doFinal(secret.toArray());
      byte[] content =
          ByteBuffer.allocate(NONCE_BYTES + sealed.length).put(nonce).put(sealed).array();
      return new Kept(id, Bytes.copyOf(content));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has AES-GCM", e);
    }
  }

  /**
   * The secret of a row.
   *
   * @throws StoreException where its key is not here or another one than it was
   */
  Bytes open(String row, Kept kept) {
    if (kept.by().isEmpty()) {
      return kept.content();
    }
    String id = kept.by().get();
    if (!keys.containsKey(id)) {
      throw new StoreException(
          "%s is sealed with the key '%s', which is not here: give it by --key-file or %s"
              .formatted(row, id, VARIABLE),
          new IllegalStateException(id));
    }
    byte[] nonce = new byte[NONCE_BYTES];
    ByteBuffer content = ByteBuffer.wrap(kept.content().toArray());
    if (content.remaining() < NONCE_BYTES) {
      throw wrong(row, id, new IllegalStateException("too short"));
    }
    content.get(nonce);
    byte[] sealed = new byte[content.remaining()];
    content.get(sealed);
    try {
      return Bytes.copyOf(cipher(Cipher.DECRYPT_MODE, id, nonce, row).doFinal(sealed));
    } catch (AEADBadTagException e) {
      throw wrong(row, id, e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has AES-GCM", e);
    }
  }

  private static StoreException wrong(String row, String id, Exception cause) {
    return new StoreException(
        "%s does not open: the key '%s' is another one than it was sealed with, or the row was"
                .formatted(row, id)
            + " changed",
        cause);
  }

  private Cipher cipher(int mode, String id, byte[] nonce, String row)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, keys.get(id), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD((id + "\n" + row).getBytes(StandardCharsets.UTF_8));
    return cipher;
  }
}
