package dev.perigee.edge;

import dev.perigee.edge.config.EdgeSnapshot;
import dev.perigee.edge.listener.tls.ServerTls;
import dev.perigee.edge.listener.tls.TlsEngine;
import dev.perigee.edge.routing.RouteTable;
import java.security.GeneralSecurityException;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TLS of the ports for readers, which asks for their certificates by the configuration in
 * force.
 */
final class EdgeTls {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeTls.class);

  /** Nobody is asked before there is a configuration, and nobody served. */
  private final AtomicReference<Supplier<EdgeSnapshot>> config =
      new AtomicReference<>(() -> new EdgeSnapshot(0, RouteTable.empty()));

  private final ServerTls server;

  EdgeTls(EdgeOptions options, InstantSource clock) throws GeneralSecurityException {
    ServerTls.Readers readers =
        new ServerTls.Readers(name -> config.get().get().routes().terms(name), clock);
    server = new ServerTls(options.tlsEngine, options.tlsProfile, options.tlsNames, readers);
    if (server.engine() == TlsEngine.JDK) {
      LOG.warn(
          "TLS is the JDK's, whose keys of session tickets cannot be set: a reader who comes back"
              + " resumes on the same node alone");
    }
  }

  ServerTls server() {
    return server;
  }

  /** Goes by this configuration from now on. */
  void follow(Supplier<EdgeSnapshot> active) {
    config.set(active);
  }
}
