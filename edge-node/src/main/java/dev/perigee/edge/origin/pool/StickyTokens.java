package dev.perigee.edge.origin.pool;

import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.StickyCookie;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The values of a pool's cookie, one for each server: a keyed hash of its URL, the same on all
 * nodes, of which nobody without the key can tell the address, not even by trying all.
 */
final class StickyTokens {
  private static final int BYTES = 9;

  private final StickyCookie cookie;
  private final String[] tokens;

  StickyTokens(StickyCookie cookie, List<OriginUrl> servers) {
    this.cookie = cookie;
    this.tokens = servers.stream().map(this::token).toArray(String[]::new);
  }

  private String token(OriginUrl server) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(cookie.secret().toArray(), "HmacSHA256"));
      byte[] all = mac.doFinal(server.toString().getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(all, BYTES));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HMAC-SHA256 is part of every Java", e);
    }
  }

  /** The server that the request's cookies name, or -1. */
  int server(List<String> cookieLines) {
    return CookiePairs.value(cookieLines, cookie.name())
        .map(value -> Arrays.asList(tokens).indexOf(value))
        .orElse(-1);
  }

  /** The Set-Cookie line for a server. */
  String setCookie(int server) {
    String age = cookie.maxAgeSeconds() == 0 ? "" : "; Max-Age=" + cookie.maxAgeSeconds();
    return cookie.name() + "=" + tokens[server] + "; Path=/" + age + "; HttpOnly; SameSite=Lax";
  }
}
