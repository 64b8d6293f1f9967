package io.undertow.client.http;

import io.undertow.client.ClientConnection;
import io.undertow.connector.ByteBufferPool;
import org.xnio.OptionMap;
import org.xnio.StreamConnection;

/**
 * Makes Undertow's HTTP/1.1 client of a connection that is already open. Undertow's own provider
 * opens the connection itself and leaves no place for a conduit in front of its parser; the
 * constructor it uses can be reached only from this package. The reasons stand in the decision page
 * on origin connections.
 */
public final class OriginConnections {
  private OriginConnections() {}

  public static ClientConnection http1(
      StreamConnection connection, OptionMap options, ByteBufferPool buffers) {
    return new HttpClientConnection(connection, options, buffers);
  }
}
