package dev.perigee.keys;

import dev.perigee.contract.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys that secrets are sealed with where they are kept, by AES-256-GCM (NIST SP 800-38D): the
 * first one seals, each opens what it sealed. Without a key nothing is sealed.
 *
 * <p>A sealed secret is in an envelope: a zero, {@code PSE1}, the length of the key's id, the id, a
 * nonce, what was sealed. No secret that is kept begins so: a message of protobuf cannot begin with
 * a zero, DER begins with 48.
 */
public final class SealingKeys {
  /** The environment's variable with what {@code --key-file} has in a file. */
  public static final String VARIABLE = "PERIGEE_KEYS";

  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");
  private static final byte[] MAGIC = {0, 'P', 'S', 'E', '1'};
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

  private SealingKeys(Map<String, SecretKey> keys, Optional<SecureRandom> random) {
    this.keys = keys;
    this.random = random;
  }

  /** Why a secret does not open. */
  public static final class SealedException extends Exception {
    private static final long serialVersionUID = 1L;

    SealedException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Seals nothing, and opens what is not sealed. */
  public static SealingKeys none() {
    return new SealingKeys(Map.of(), Optional.empty());
  }

  /**
   * The keys of a file that nobody but its owner can read.
   *
   * @throws IOException with a sentence that says what is wrong with it
   */
  public static SealingKeys of(Path file, SecureRandom random) throws IOException {
    if (!Files.isReadable(file)) {
      throw new IOException("--key-file: there is no " + file + " that can be read");
    }
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
  public static SealingKeys parse(String where, String text, SecureRandom random)
      throws IOException {
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
    return new SealingKeys(keys, Optional.of(random));
  }

  /** A line with a new key, as {@link #parse} takes it. */
  public static String newLine(String id, SecureRandom random) {
    byte[] key = new byte[KEY_BYTES];
    random.nextBytes(key);
    return id + ":" + Base64.getEncoder().encodeToString(key) + "\n";
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

  /** The ids of all keys, the one that seals first. */
  public List<String> ids() {
    return List.copyOf(keys.keySet());
  }

  /**
   * A secret, sealed with the key {@code id}, which there must be.
   *
   * @param place what it is of: it opens as nothing else
   */
  public Bytes seal(String place, String id, Bytes secret) {
    byte[] nonce = nonce();
    try {
      byte[] sealed = cipher(Cipher.ENCRYPT_MODE, id, nonce, place).doFinal(secret.toArray());
      return Bytes.copyOf(
          ByteBuffer.allocate(NONCE_BYTES + sealed.length).put(nonce).put(sealed).array());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has AES-GCM", e);
    }
  }

  private byte[] nonce() {
    byte[] nonce = new byte[NONCE_BYTES];
    random.orElseThrow().nextBytes(nonce);
    return nonce;
  }

  /** What {@link #seal} made with the key {@code id}. */
  public Bytes open(String place, String id, Bytes content) throws SealedException {
    return Bytes.copyOf(open(place, id, content.toArray(), 0));
  }

  private byte[] open(String place, String id, byte[] all, int from) throws SealedException {
    if (!keys.containsKey(id)) {
      throw new SealedException(
          "%s is sealed with the key '%s', which is not here: give it by --key-file or %s"
              .formatted(place, id, VARIABLE),
          new IllegalStateException(id));
    }
    if (all.length - from < NONCE_BYTES) {
      throw wrong(place, id, new IllegalStateException("too short"));
    }
    byte[] nonce = Arrays.copyOfRange(all, from, from + NONCE_BYTES);
    int sealed = from + NONCE_BYTES;
    try {
      return cipher(Cipher.DECRYPT_MODE, id, nonce, place)
          .doFinal(all, sealed, all.length - sealed);
    } catch (AEADBadTagException e) {
      throw wrong(place, id, e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has AES-GCM", e);
    }
  }

  private static SealedException wrong(String place, String id, Exception cause) {
    return new SealedException(
        "%s does not open: the key '%s' is another one than it was sealed with, or it was changed"
            .formatted(place, id),
        cause);
  }

  /** The same keys, and behind them those of {@code older} that have other ids. */
  public SealingKeys andOpening(SealingKeys older) {
    Map<String, SecretKey> all = new LinkedHashMap<>(keys);
    older.keys.forEach(all::putIfAbsent);
    return new SealingKeys(all, random.or(() -> older.random));
  }

  /** The secret in an envelope that says with which key it is sealed; as it is without a key. */
  public byte[] enclose(String place, byte[] secret) {
    return current().map(id -> enclose(place, id, secret)).orElse(secret);
  }

  /** The same with the key {@code by}, which there must be. */
  public byte[] enclose(String place, String by, byte[] secret) {
    byte[] id = by.getBytes(StandardCharsets.US_ASCII);
    int head = MAGIC.length + 1 + id.length;
    byte[] nonce = nonce();
    byte[] all = new byte[head + NONCE_BYTES + secret.length + TAG_BITS / Byte.SIZE];
    ByteBuffer.wrap(all).put(MAGIC).put((byte) id.length).put(id).put(nonce);
    try {
      cipher(Cipher.ENCRYPT_MODE, by, nonce, place)
          .doFinal(secret, 0, secret.length, all, head + NONCE_BYTES);
      return all;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has AES-GCM", e);
    }
  }

  /** What is in an envelope; what is in none is taken as it is. */
  public byte[] disclose(String place, byte[] kept) throws SealedException {
    Optional<String> by = enclosedBy(kept);
    return by.isEmpty() ? kept : open(place, by.get(), kept, MAGIC.length + 1 + by.get().length());
  }

  /** The id of the key that an envelope names; empty where it is none. */
  public static Optional<String> enclosedBy(byte[] kept) {
    if (kept.length <= MAGIC.length
        || !Arrays.equals(kept, 0, MAGIC.length, MAGIC, 0, MAGIC.length)
        || kept[MAGIC.length] <= 0
        || kept.length <= MAGIC.length + kept[MAGIC.length]) {
      return Optional.empty();
    }
    String id = new String(kept, MAGIC.length + 1, kept[MAGIC.length], StandardCharsets.US_ASCII);
    return Optional.of(id).filter(text -> ID.matcher(text).matches());
  }

  private Cipher cipher(int mode, String id, byte[] nonce, String place)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, keys.get(id), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD((id + "\n" + place).getBytes(StandardCharsets.UTF_8));
    return cipher;
  }
}
