package dev.perigee.contract;

import java.util.regex.Pattern;

/**
 * What proves to a certificate authority that this network has a host (RFC 8555, section 8.3).
 *
 * @param host the host that it asks
 * @param token the last part of the path that it asks for
 * @param keyAuthorization what it is to be answered
 */
public record AcmeToken(String host, String token, String keyAuthorization) {
  /** Before the token, in the path. */
  public static final String PATH = "/.well-known/acme-challenge/";

  private static final Pattern TOKEN =
      Pattern.compile("[A-Za-z0-9_-]{1," + Limits.ACME_TOKEN_LENGTH + "}");
  private static final Pattern AUTHORIZATION =
      Pattern.compile("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]{1,128}");

  /** Refuses what cannot be. */
  public AcmeToken {
    boolean sound =
        HostName.normalise(host).filter(host::equals).isPresent()
            && TOKEN.matcher(token).matches()
            && keyAuthorization.length() <= Limits.ACME_TOKEN_LENGTH + 129
            && keyAuthorization.startsWith(token + ".")
            && AUTHORIZATION.matcher(keyAuthorization).matches();
    if (!sound) {
      throw new IllegalArgumentException("a token of a certificate authority that cannot be");
    }
  }
}
