package dev.perigee.edge.origin;

import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.origin.pool.ServerPool;
import dev.perigee.edge.origin.pool.ServerState;
import io.undertow.client.ClientConnection;
import io.undertow.connector.ByteBufferPool;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;
import org.xnio.XnioIoThread;

/**
 * Fetches from origin servers by Undertow's client, on the I/O thread that asks. The site's pool
 * says which server; where it fails another is asked, and where a kept connection turns out closed
 * the request goes out once more on a new one, if it is repeatable.
 *
 * <p>XNIO connections belong to one thread, so idle ones are kept per thread; the number of open
 * connections counts for the node.
 */
public final class OriginClient {
  /** Bytes of requests' bodies that are kept for further attempts, of all pools. */
  private static final long KEPT_BYTES = 64L << 20;

  private final OriginConfig config;
  private final OriginResolver resolver;
  private final OriginConnector connector;
  private final InstantSource clock;
  private final Map<XnioIoThread, IdleConnections> idle = new ConcurrentHashMap<>();
  private final OriginTable table;
  private final LongSupplier nanos;
  private final AddressOrder addresses = new AddressOrder();
  private final KeptBody.Room keptRoom = new KeptBody.Room(KEPT_BYTES);
  private final Map<FailureKind, LongAdder> failures = new EnumMap<>(FailureKind.class);

  /**
   * @param table the pools of all sites
   * @param nanos a clock that never jumps
   * @param tls for https origins: verification is always on
   */
  public OriginClient(
      OriginConfig config,
      OriginTable table,
      OriginResolver resolver,
      SSLContext tls,
      ByteBufferPool buffers,
      InstantSource clock,
      LongSupplier nanos) {
    this.config = config;
    this.resolver = resolver;
    this.connector = new OriginConnector(config, tls, buffers);
    this.clock = clock;
    this.table = table;
    this.nanos = nanos;
    for (FailureKind kind : FailureKind.values()) {
      failures.put(kind, new LongAdder());
    }
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
    ServerPool pool = table.of(request.site()).pool(request.target());
    new OriginFetch(this, thread, request, pool, answer).begin();
  }

  /** Open connections of the node to all origins. */
  public int openConnections() {
    return connector.openConnections();
  }

  /** Attempts ever that failed so. */
  public long failures(FailureKind kind) {
    return count(kind).sum();
  }

  private LongAdder count(FailureKind kind) {
    return java.util.Objects.requireNonNull(failures.get(kind));
  }

  /** Bytes of requests' bodies that are kept for further attempts. */
  public long keptBytes() {
    return keptRoom.held();
  }

  /** Counts the failure of an attempt. */
  FailureKind failed(FailureKind kind) {
    count(kind).increment();
    return kind;
  }

  AddressOrder addresses() {
    return addresses;
  }

  KeptBody.Room keptRoom() {
    return keptRoom;
  }

  long nanos() {
    return nanos.getAsLong();
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
    return idle.computeIfAbsent(thread, t -> new IdleConnections(config, clock));
  }

  /** The idle connections of one I/O thread; used on that thread only. */
  static final class IdleConnections {
    private final OriginConfig config;
    private final InstantSource clock;
    private final Map<ServerState, Deque<Idle>> byServer = new HashMap<>();

    IdleConnections(OriginConfig config, InstantSource clock) {
      this.config = config;
      this.clock = clock;
    }

    /** The connection used last, where one is still open. */
    Optional<OriginConnection> take(ServerState server) {
      Deque<Idle> kept = byServer.get(server);
      while (kept != null && !kept.isEmpty()) {
        Idle last = kept.removeLast();
        if (kept.isEmpty()) {
          byServer.remove(server);
        }
        boolean tooOld = clock.millis() - last.sinceMillis > config.keepAlive().toMillis();
        if (last.connection.isOpen() && !tooOld) {
          return Optional.of(last.connection);
        }
        last.connection.close();
      }
      return Optional.empty();
    }

    void keep(ServerState server, OriginConnection connection) {
      Deque<Idle> kept = byServer.computeIfAbsent(server, s -> new ArrayDeque<>());
      kept.removeIf(idle -> !idle.connection.isOpen());
      if (kept.size() >= config.idlePerServer()) {
        kept.removeFirst().connection.close();
      }
      kept.addLast(new Idle(connection, clock.millis()));
    }

    /** Closes what has been idle for too long. */
    void expire(ServerState server) {
      Deque<Idle> kept = byServer.get(server);
      if (kept == null) {
        return;
      }
      long oldest = clock.millis() - config.keepAlive().toMillis();
      while (!kept.isEmpty() && kept.getFirst().sinceMillis <= oldest) {
        kept.removeFirst().connection.close();
      }
      if (kept.isEmpty()) {
        byServer.remove(server);
      }
    }

    private record Idle(OriginConnection connection, long sinceMillis) {}
  }

  /** An open connection with the filter in front of its parser. */
  record OriginConnection(ClientConnection client, InterimFilter filter) {
    boolean isOpen() {
      return client.isOpen();
    }

    void close() {
      org.xnio.IoUtils.safeClose(client);
    }
  }
}
