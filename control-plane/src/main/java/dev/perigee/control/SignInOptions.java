package dev.perigee.control;

import dev.perigee.control.signin.SignInConfig;
import dev.perigee.control.tls.Authorities;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Settings of signing in at the console by way of an OpenID provider. */
final class SignInOptions {
  /** Has the client's secret: options can be seen by everybody. */
  static final String SECRET = "PERIGEE_OIDC_CLIENT_SECRET";

  private static final int MOST_HOURS = 24 * 30;

  @Option(
      names = "--oidc-issuer",
      description = {
        "URL of an OpenID provider by way of which people sign in at the console; none by default.",
        "perigee sign-in add says who may, and as what"
      })
  @Nullable String issuer;

  @Option(
      names = "--oidc-name",
      defaultValue = "your organisation",
      description = "what the console calls it; ${DEFAULT-VALUE}")
  String name = "";

  @Option(
      names = "--oidc-client-id",
      description = {
        "as the provider knows this control plane. Its secret comes from the environment:",
        SECRET + "; without one it is a public client"
      })
  @Nullable String clientId;

  @Option(
      names = "--oidc-console",
      description = {
        "URL of the console as browsers reach it; at the provider URL/sign-in/callback is to be",
        "registered"
      })
  @Nullable String console;

  @Option(
      names = "--oidc-scope",
      split = ",",
      defaultValue = "email",
      description = "asked for beside openid; ${DEFAULT-VALUE}")
  List<String> scopes = new ArrayList<>();

  @Option(
      names = "--oidc-groups-claim",
      defaultValue = "groups",
      description = "claim with the groups of a person; ${DEFAULT-VALUE}")
  String groupsClaim = "";

  @Option(
      names = "--oidc-hours",
      defaultValue = "8",
      description = "for which somebody stays signed in; ${DEFAULT-VALUE}")
  int hours;

  @Option(
      names = "--oidc-ca-file",
      description =
          "PEM certificates that the provider's HTTPS is trusted by, besides the system's")
  @Nullable Path caFile;

  /** The client's secret, from the environment. */
  Optional<String> secret = Optional.empty();

  /** The provider; empty where there is none. */
  Optional<SignInConfig> config() throws IOException {
    if (issuer == null) {
      if (clientId != null || console != null) {
        throw new IOException("--oidc-client-id and --oidc-console need --oidc-issuer");
      }
      return Optional.empty();
    }
    if (clientId == null || console == null) {
      throw new IOException("--oidc-issuer needs --oidc-client-id and --oidc-console");
    }
    if (hours < 1 || hours > MOST_HOURS) {
      throw new IOException("--oidc-hours is from 1 to %d: %d".formatted(MOST_HOURS, hours));
    }
    String base = console.endsWith("/") ? console : console + "/";
    if (!url("--oidc-console", base).getPath().equals("/")) {
      throw new IOException("--oidc-console is the console's own host, without a path: " + console);
    }
    return Optional.of(
        new SignInConfig(
            url("--oidc-issuer", issuer),
            name,
            clientId,
            secret,
            url("--oidc-console", base).resolve("sign-in/callback"),
            scopes,
            groupsClaim,
            Duration.ofHours(hours),
            tls()));
  }

  /** Only over TLS, but for what stays on this machine. */
  private static URI url(String option, String text) throws IOException {
    try {
      URI url = new URI(text);
      if (SignInConfig.isSafe(url)
          && url.getRawQuery() == null
          && url.getRawFragment() == null
          && url.getRawUserInfo() == null) {
        return url;
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    throw new IOException(option + " must be an https URL, or http of this machine alone: " + text);
  }

  private SSLContext tls() throws IOException {
    try {
      return caFile == null ? SSLContext.getDefault() : Authorities.of("--oidc-ca-file", caFile);
    } catch (NoSuchAlgorithmException e) {
      throw new IOException("this Java speaks no TLS", e);
    }
  }

  /** What is in force. */
  String effective() {
    return "oidc-issuer=%s oidc-hours=%d".formatted(issuer == null ? "none" : issuer, hours);
  }
}
