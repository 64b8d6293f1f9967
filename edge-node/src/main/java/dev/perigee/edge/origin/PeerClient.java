package dev.perigee.edge.origin;

import dev.perigee.contract.PeerConfig;
import dev.perigee.edge.origin.pool.OriginTable;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * Fetches from other nodes: by a client of its own, whose TLS shows this node's certificate and
 * knows theirs. Notes which nodes fail, and leaves them alone for a while.
 */
public final class PeerClient {
  /** Nothing has been sent. */
  private static final Set<FailureKind> BEFORE_SENDING =
      EnumSet.of(
          FailureKind.NAME,
          FailureKind.NAME_TIMEOUT,
          FailureKind.FORBIDDEN_ADDRESS,
          FailureKind.CONNECT_REFUSED,
          FailureKind.CONNECT_TIMEOUT,
          FailureKind.TLS,
          FailureKind.BUSY);

  /** It is this node, or its reader, that could not go on. */
  private static final Set<FailureKind> NOT_THEIRS =
      EnumSet.of(FailureKind.BUSY, FailureKind.REQUEST_BODY, FailureKind.REQUEST_TIMEOUT);

  /** It may have asked the origin. */
  private static final Set<FailureKind> LATE =
      EnumSet.of(FailureKind.RESPONSE_TIMEOUT, FailureKind.TOTAL_TIMEOUT);

  private final OriginClient client;
  private final PeerPools pools;
  private final PeerPatience patience;
  private final InstantSource clock;
  private final PeerHealth health = new PeerHealth();
  private final PeerLoads loads = new PeerLoads();
  private final LongAdder asked = new LongAdder();
  private final LongAdder failed = new LongAdder();

  /**
   * A client that has asked nobody.
   *
   * @param client for https to the addresses of nodes
   * @param table the client's, and filled by nobody else
   */
  public PeerClient(
      OriginClient client, OriginTable table, PeerPatience patience, InstantSource clock) {
    this.client = client;
    this.pools = new PeerPools(table);
    this.patience = patience;
    this.clock = clock;
  }

  /** Whether the node may be asked now: it did not fail of late. */
  public boolean mayAsk(PeerConfig peer) {
    return health.mayAsk(peer.name(), clock.millis());
  }

  /** Whether the node has no more than its share of what this node asks others for. */
  public boolean mayTake(PeerConfig peer) {
    return loads.mayTake(peer.name());
  }

  /** Asks one node; must be called on an I/O thread, on which {@code answer} is called, once. */
  public void fetch(PeerConfig peer, PeerRequest request, Consumer<Fetched> answer) {
    loads.begun(peer.name());
    asked.increment();
    long millis = patience.millis(request.origin(), request.tier());
    client.fetch(
        request.to(pools.of(peer, millis)),
        fetched -> {
          loads.ended(peer.name());
          note(peer, fetched);
          answer.accept(fetched);
        });
  }

  private void note(PeerConfig peer, Fetched fetched) {
    if (fetched instanceof Fetched.Failed lost && !NOT_THEIRS.contains(lost.kind())) {
      failed.increment();
      health.failed(peer.name(), clock.millis());
    } else if (fetched instanceof Fetched.Response) {
      health.answered(peer.name());
    }
  }

  /**
   * Whether another may be asked after this failure. One that did not answer in time may have asked
   * the origin, which is then as slow for others.
   */
  public static boolean mayGoOn(PeerRequest request, Fetched.Failed lost) {
    return BEFORE_SENDING.contains(lost.kind())
        || (request.isRepeatable() && !LATE.contains(lost.kind()));
  }

  /** Requests to other nodes. */
  public long asked() {
    return asked.sum();
  }

  /** Those that failed. */
  public long failed() {
    return failed.sum();
  }

  /** Nodes that are left alone, or being tried. */
  public int inTrouble() {
    return health.size();
  }
}
