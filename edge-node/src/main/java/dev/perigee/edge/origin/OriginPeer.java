package dev.perigee.edge.origin;

import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginTransport.MinimumTls;
import dev.perigee.contract.OriginUrl;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;

/**
 * A server and how it is spoken to.
 *
 * @param client the reader's address, where the server is told of it in front of each connection;
 *     else empty, so that connections can be used for whoever comes
 */
record OriginPeer(OriginUrl url, OriginTransport transport, String client) {
  static OriginPeer of(OriginUrl url, OriginTransport transport, String client) {
    return new OriginPeer(url, transport, transport.proxyProtocol() > 0 ? client : "");
  }

  /** The name in its certificate. */
  String serverName() {
    String name = transport.serverName().isEmpty() ? url.host() : transport.serverName();
    return name.startsWith("[") ? name.substring(1, name.length() - 1) : name;
  }

  /** What the handshake asks for: verification is never off. */
  SSLParameters parameters(SSLParameters parameters) {
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    if (!isAddress(serverName())) {
      parameters.setServerNames(List.of(new SNIHostName(serverName())));
    }
    parameters.setProtocols(
        transport.minimumTls() == MinimumTls.TLS_1_3
            ? new String[] {"TLSv1.3"}
            : new String[] {"TLSv1.3", "TLSv1.2"});
    if (transport.http2()) {
      parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
    }
    return parameters;
  }

  private static boolean isAddress(String name) {
    return name.indexOf(':') >= 0 || name.matches("[0-9.]+");
  }
}
