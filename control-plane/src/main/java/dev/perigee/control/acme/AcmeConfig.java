package dev.perigee.control.acme;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where certificates are got, and how.
 *
 * @param directory of the authority
 * @param email by which it reaches the operator; empty for none
 * @param caFile certificates, PEM, that are trusted for the directory besides the system's
 * @param look how often it is looked for what is due
 * @param firstPause after a failure
 * @param ordersPerDay that one organisation may begin
 */
public record AcmeConfig(
    URI directory,
    String email,
    Optional<Path> caFile,
    Duration look,
    Duration firstPause,
    int ordersPerDay) {
  /** Where they are got by default. */
  public static final String LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";
}
