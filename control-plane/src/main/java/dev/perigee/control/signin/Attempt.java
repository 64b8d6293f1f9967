package dev.perigee.control.signin;

import dev.perigee.keys.SealingKeys;
import dev.perigee.keys.SealingKeys.SealedException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

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
  /** What it is sealed as. */
  private static final String PLACE = "sign-in";

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
  String seal(SealingKeys keys) {
    String plain = String.join(" ", state, nonce, verifier, "" + expiresAt.getEpochSecond());
    byte[] sealed = keys.enclose(PLACE, plain.getBytes(StandardCharsets.UTF_8));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(sealed);
  }

  /** One that was begun here and has not expired. */
  static Optional<Attempt> open(String text, SealingKeys keys, Instant now) {
    if (text.length() > MOST_TEXT) {
      return Optional.empty();
    }
    try {
      byte[] sealed = Base64.getUrlDecoder().decode(text);
      if (SealingKeys.enclosedBy(sealed).isEmpty()) {
        // What lies open anybody can write.
        return Optional.empty();
      }
      String plain = new String(keys.disclose(PLACE, sealed), StandardCharsets.UTF_8);
      List<String> parts = SPACE.splitAsStream(plain).toList();
      Instant expires = Instant.ofEpochSecond(Long.parseLong(parts.get(3)));
      return now.isBefore(expires)
          ? Optional.of(new Attempt(parts.get(0), parts.get(1), parts.get(2), expires))
          : Optional.empty();
    } catch (SealedException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
