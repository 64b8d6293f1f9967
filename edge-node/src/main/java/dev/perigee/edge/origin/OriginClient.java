package dev.perigee.edge.origin;

import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.origin.pool.ServerPool;
import io.undertow.connector.ByteBufferPool;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;
import org.xnio.XnioIoThread;

/**
 * Fetches from origin servers, on the I/O thread that asks. The site's pool says which server;
 * where it fails another is asked, and where a kept connection turns out closed the request goes
 * out once more on a new one, if it is repeatable.
 *
 * <p>XNIO connections belong to one thread, so idle ones are kept per thread; the number of open
 * connections counts for the node.
 */
public final class OriginClient {
  /** Bytes of requests' bodies that are kept for further attempts, of all pools. */
  private static final long KEPT_BYTES = 64L << 20;

  private final OriginConfig config;
  private final OriginTable table;
  private final OriginResolver resolver;
  private final OriginConnector connector;
  private final InstantSource clock;
  private final LongSupplier nanos;
  private final Map<XnioIoThread, IdleConnections> idle = new ConcurrentHashMap<>();
  private final AddressOrder addresses = new AddressOrder();
  private final KeptBody.Room keptRoom = new KeptBody.Room(KEPT_BYTES);
  private final Map<FailureKind, LongAdder> failures = new EnumMap<>(FailureKind.class);

  /**
   * @param table the pools of all sites
   * @param tls for https origins: verification is always on
   * @param nanos a clock that never jumps
   */
  public OriginClient(
      OriginConfig config,
      OriginTable table,
      OriginResolver resolver,
      SSLContext tls,
      ByteBufferPool buffers,
      InstantSource clock,
      LongSupplier nanos) {
    this(config, table, resolver, new OriginTls(tls), buffers, clock, nanos);
  }

  /**
   * @param table the pools of all sites
   * @param tls for https origins, by the settings of their pools
   * @param nanos a clock that never jumps
   */
  public OriginClient(
      OriginConfig config,
      OriginTable table,
      OriginResolver resolver,
      OriginTls tls,
      ByteBufferPool buffers,
      InstantSource clock,
      LongSupplier nanos) {
    this.config = config;
    this.table = table;
    this.resolver = resolver;
    this.connector = new OriginConnector(config, tls, buffers);
    this.clock = clock;
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
    return Objects.requireNonNull(failures.get(kind));
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
    return idle.computeIfAbsent(thread, t -> new IdleConnections(config, clock, t));
  }
}
