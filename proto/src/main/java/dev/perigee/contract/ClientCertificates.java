package dev.perigee.contract;

import java.util.List;
import java.util.Optional;

/**
 * Whether a site asks its readers for certificates, and whose it takes.
 *
 * @param authorities certificates (DER) of the authorities that sign its readers' certificates
 */
public record ClientCertificates(Mode mode, List<Bytes> authorities) {
  /** No reader is asked. */
  public static final ClientCertificates OFF = new ClientCertificates(Mode.OFF, List.of());

  /** Copies the list. */
  public ClientCertificates {
    authorities = List.copyOf(authorities);
  }

  /** Whether readers are asked for a certificate, and may be without. */
  public enum Mode {
    /** Nobody is asked. */
    OFF("off"),
    /** Who has none is let in as well. */
    OPTIONAL("optional"),
    /** Who has none that is taken is not let in. */
    REQUIRED("required");

    private final String token;

    Mode(String token) {
      this.token = token;
    }

    /** As it stands in JSON and on the wire. */
    public String token() {
      return token;
    }

    /** The one with this token. */
    public static Optional<Mode> of(String token) {
      for (Mode mode : values()) {
        if (mode.token.equals(token)) {
          return Optional.of(mode);
        }
      }
      return Optional.empty();
    }
  }

  /** Whether readers are asked. */
  public boolean isAsked() {
    return mode != Mode.OFF;
  }

  /** Whether who has none is refused. */
  public boolean isRequired() {
    return mode == Mode.REQUIRED;
  }
}
