package dev.perigee.edge.origin;

import dev.perigee.contract.OriginUrl;
import io.undertow.connector.ByteBufferPool;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.xnio.XnioIoThread;

/**
 * Fetches from origin servers by Undertow's client, on the I/O thread that asks. Servers take
 * turns; where one cannot be reached the next is asked, and where a kept connection turns out
 * closed the request goes out once more on a new one, if it is repeatable.
 *
 * <p>XNIO connections belong to one thread, so idle ones are kept per thread; the number of open
 * connections counts for the node.
 */
public final class OriginClient {
  private final OriginConfig config;
  private final OriginResolver resolver;
  private final OriginConnector connector;
  private final InstantSource clock;
  private final Map<XnioIoThread, IdleConnections> idle = new ConcurrentHashMap<>();
  private final AtomicInteger turn = new AtomicInteger();

  /**
   * @param tls for https origins: verification is always on
   */
  public OriginClient(
      OriginConfig config,
      OriginResolver resolver,
      SSLContext tls,
      ByteBufferPool buffers,
      InstantSource clock) {
    this(config, resolver, new OriginTls(tls), buffers, clock);
  }

  /**
   * @param tls for https origins, by the settings of their pools
   */
  public OriginClient(
      OriginConfig config,
      OriginResolver resolver,
      OriginTls tls,
      ByteBufferPool buffers,
      InstantSource clock) {
    this.config = config;
    this.resolver = resolver;
    this.connector = new OriginConnector(config, tls, buffers);
    this.clock = clock;
  }

  /**
   * Asks the servers; must be called on an I/O thread. {@code answer} is called once, on the same
   * thread.
   */
  public void fetch(FetchRequest request, Consumer<Fetched> answer) {
    XnioIoThread thread = XnioIoThread.currentThread();
    if (thread == null) {
      throw new IllegalStateException("a fetch must begin on an I/O thread");
    }
    List<OriginUrl> servers = new ArrayList<>(request.servers());
    Collections.rotate(servers, -Math.floorMod(turn.getAndIncrement(), servers.size()));
    new OriginFetch(this, thread, request, servers, answer).next();
  }

  /** Open connections of the node to all origins. */
  public int openConnections() {
    return connector.openConnections();
  }

  OriginConfig config() {
    return config;
  }

  OriginResolver resolver() {
    return resolver;
  }

  OriginConnector connector() {
    return connector;
  }

  InstantSource clock() {
    return clock;
  }

  IdleConnections idle(XnioIoThread thread) {
    return idle.computeIfAbsent(thread, t -> new IdleConnections(config, clock, t));
  }
}
