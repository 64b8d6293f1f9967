package dev.perigee.control.signin;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * An OpenID provider, and what this control plane is to it.
 *
 * @param issuer its URL; below it lies {@code .well-known/openid-configuration}
 * @param name of the provider, for people
 * @param secret empty where the provider knows the client as a public one
 * @param callback where the provider sends people back to: {@code /sign-in/callback} of the console
 * @param scopes beside {@code openid}
 * @param groupsClaim name of the claim with a person's groups
 * @param life of the tokens that people get
 * @param tls what connections to the provider trust
 */
public record SignInConfig(
    URI issuer,
    String name,
    String clientId,
    Optional<String> secret,
    URI callback,
    List<String> scopes,
    String groupsClaim,
    Duration life,
    SSLContext tls) {
  /** Copies the collection. */
  public SignInConfig {
    scopes = List.copyOf(scopes);
  }

  /** Whether nobody between can read or change what goes there: over TLS, or on this machine. */
  public static boolean isSafe(URI url) {
    String host = url.getHost();
    boolean near =
        host != null
            && (host.equals("localhost")
                || host.equals("[::1]")
                || host.matches("127(\\.[0-9]{1,3}){3}"));
    return host != null
        && ("https".equals(url.getScheme()) || (near && "http".equals(url.getScheme())));
  }

  /** Never the secret. */
  @Override
  public String toString() {
    return "issuer=" + issuer + " client-id=" + clientId + " callback=" + callback;
  }
}
