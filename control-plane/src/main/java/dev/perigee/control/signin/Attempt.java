package dev.perigee.control.signin;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A sign-in under way, as the browser keeps it: sealed, so that it takes no room here and any
 * control plane can end what another began.
 *
 * @param state that the provider gives back; ties the answer to the browser that asked (RFC 6749,
 *     section 10.12)
 * @param nonce that the ID token repeats (OpenID Connect Core 1.0, section 3.1.2.1)
 * @param verifier of the code (RFC 7636)
 */
record Attempt(String state, String nonce, String verifier, Instant expiresAt) {
  /** Of a key: AES-256-GCM. */
  static final int KEY_BYTES = 32;

  private static final int IV_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final int MOST_TEXT = 1000;
  private static final Pattern SPACE = Pattern.compile(" ");

  static Attempt begin(SecureRandom random, Instant expiresAt) {
    return new Attempt(secret(random), secret(random), secret(random), expiresAt);
  }

  /** 256 random bits, base64url: 43 characters. */
  private static String secret(SecureRandom random) {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** As the browser keeps it. */
  String seal(byte[] key, SecureRandom random) {
    byte[] iv = new byte[IV_BYTES];
    random.nextBytes(iv);
    String plain = String.join(" ", state, nonce, verifier, "" + expiresAt.getEpochSecond());
    try {
      byte[] sealed =
          cipher(Cipher.ENCRYPT_MODE, key, iv).doFinal(plain.getBytes(StandardCharsets.UTF_8));
      byte[] all = new byte[iv.length + sealed.length];
      System.arraycopy(iv, 0, all, 0, iv.length);
      System.arraycopy(sealed, 0, all, iv.length, sealed.length);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(all);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no AES-GCM", e);
    }
  }

  /** One that was begun here and has not expired. */
  static Optional<Attempt> open(String text, byte[] key, Instant now) {
    if (text.length() > MOST_TEXT) {
      return Optional.empty();
    }
    try {
      byte[] all = Base64.getUrlDecoder().decode(text);
      if (all.length <= IV_BYTES) {
        return Optional.empty();
      }
      byte[] iv = java.util.Arrays.copyOf(all, IV_BYTES);
      byte[] plain =
          cipher(Cipher.DECRYPT_MODE, key, iv).doFinal(all, IV_BYTES, all.length - IV_BYTES);
      List<String> parts = SPACE.splitAsStream(new String(plain, StandardCharsets.UTF_8)).toList();
      Instant expires = Instant.ofEpochSecond(Long.parseLong(parts.get(3)));
      return now.isBefore(expires)
          ? Optional.of(new Attempt(parts.get(0), parts.get(1), parts.get(2), expires))
          : Optional.empty();
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Cipher cipher(int mode, byte[] key, byte[] iv) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, iv));
    return cipher;
  }
}
