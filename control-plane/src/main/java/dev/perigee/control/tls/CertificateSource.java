package dev.perigee.control.tls;

import dev.perigee.keys.ServerCertificate;
import java.time.Instant;
import java.util.function.Consumer;

/** Where a port has its certificate from, now and whenever there is a newer one. */
public interface CertificateSource {
  /** The one to be shown now. */
  ServerCertificate current();

  /** When the one that readers accept is over. */
  default Instant ends() {
    return current().notAfter();
  }

  /** Tells of the one to be shown now, before it returns, and then of each newer one. */
  void follow(Consumer<ServerCertificate> listener);
}
