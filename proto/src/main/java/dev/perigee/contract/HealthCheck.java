package dev.perigee.contract;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How each node finds out by itself whether a server is well.
 *
 * @param kind what is tried
 * @param path that is asked for, with its query; {@link Kind#HTTP} only
 * @param host what Host says; empty for what the pool says
 * @param statuses that are well: {@code 200} or a class such as {@code 2xx}
 * @param body a text that the first {@link Limits#CHECK_BODY_BYTES} of the body hold; empty for any
 * @param intervalMillis from one check to the next
 * @param timeoutMillis for all of one check
 * @param rise checks in a row that make a server well
 * @param fall checks in a row that make it ill
 * @param jitterPercent by how much an interval may be shorter or longer
 */
public record HealthCheck(
    Kind kind,
    String path,
    String host,
    List<String> statuses,
    String body,
    long intervalMillis,
    long timeoutMillis,
    int rise,
    int fall,
    int jitterPercent) {
  /** What is taken where the owner names nothing. */
  public static final HealthCheck DEFAULT =
      new HealthCheck(Kind.HTTP, "/", "", List.of("2xx", "3xx"), "", 10_000, 2_000, 2, 3, 10);

  /** Copies the list. */
  public HealthCheck {
    statuses = List.copyOf(statuses);
  }

  /** What is tried. */
  public enum Kind {
    /** A GET. */
    HTTP,
    /** Whether it accepts a connection. */
    TCP,
    /** Whether a TLS handshake ends well, its certificate included. */
    TLS;

    /** As it stands in JSON. */
    public String token() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The one with this token. */
    public static Optional<Kind> of(String token) {
      for (Kind kind : values()) {
        if (kind.token().equals(token)) {
          return Optional.of(kind);
        }
      }
      return Optional.empty();
    }
  }
}
