package dev.perigee.control;

import dev.perigee.control.acme.AcmeConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Settings of certificates that are got of an authority. */
final class AcmeOptions {
  private static final Pattern EMAIL = Pattern.compile("[^\\s@<>,;:]{1,64}@[^\\s@<>,;:]{1,253}");
  private static final int MOST_SECONDS = 86_400;

  @Option(
      names = "--acme-agree",
      description = {
        "agree to the terms of the certificate authority; without it no certificate is got"
      })
  boolean agree;

  @Option(
      names = "--acme-directory",
      defaultValue = AcmeConfig.LETS_ENCRYPT,
      description = "https URL of the authority's directory; ${DEFAULT-VALUE}")
  String directory = "";

  @Option(
      names = "--acme-email",
      defaultValue = "",
      description = "by which the authority reaches the operator; none by default")
  String email = "";

  @Option(
      names = "--acme-ca-file",
      description = "certificates, PEM, that are trusted for the directory besides the system's")
  @Nullable Path caFile;

  @Option(
      names = "--acme-orders-per-day",
      defaultValue = "50",
      description = "orders that one organisation may begin within a day; ${DEFAULT-VALUE}")
  int ordersPerDay;

  @Option(
      names = "--acme-look-seconds",
      defaultValue = "10",
      description = "how often it is looked what is due; ${DEFAULT-VALUE}")
  int lookSeconds;

  @Option(
      names = "--acme-retry-seconds",
      defaultValue = "300",
      description = "after the first failure; doubled with each further one; ${DEFAULT-VALUE}")
  int retrySeconds;

  /** How certificates are got; empty where they are not. */
  Optional<AcmeConfig> config() throws IOException {
    if (!agree) {
      return Optional.empty();
    }
    if (!email.isEmpty() && !EMAIL.matcher(email).matches()) {
      throw new IOException("--acme-email is no address: " + email);
    }
    if (ordersPerDay < 1) {
      throw new IOException("--acme-orders-per-day is at least 1");
    }
    return Optional.of(
        new AcmeConfig(
            uri(),
            email,
            Optional.ofNullable(caFile),
            seconds("--acme-look-seconds", lookSeconds),
            seconds("--acme-retry-seconds", retrySeconds),
            ordersPerDay));
  }

  private URI uri() throws IOException {
    try {
      URI uri = URI.create(directory);
      if ("https".equals(uri.getScheme()) && uri.getHost() != null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("--acme-directory is no URL: " + directory, e);
    }
    throw new IOException("--acme-directory must be an https URL: " + directory);
  }

  private static Duration seconds(String name, int seconds) throws IOException {
    if (seconds < 1 || seconds > MOST_SECONDS) {
      throw new IOException(name + " is from 1 to " + MOST_SECONDS + ": " + seconds);
    }
    return Duration.ofSeconds(seconds);
  }

  /** What is in force. */
  String effective() {
    return "acme=%s acme-directory=%s acme-email=%s acme-ca-file=%s acme-orders-per-day=%d"
            .formatted(
                agree ? "on" : "off",
                directory,
                email.isEmpty() ? "none" : email,
                caFile == null ? "none" : caFile,
                ordersPerDay)
        + " acme-look-seconds=%d acme-retry-seconds=%d".formatted(lookSeconds, retrySeconds);
  }
}
