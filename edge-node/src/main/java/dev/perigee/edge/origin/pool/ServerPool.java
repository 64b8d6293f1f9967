package dev.perigee.edge.origin.pool;

import dev.perigee.contract.Balance;
import dev.perigee.contract.Ejection;
import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.StatusPattern;
import dev.perigee.edge.request.Fields;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;

/**
 * A pool as requests use it: an immutable table over counters that outlive it. Servers are numbers,
 * in the order of the configuration; sets of them are bits of a mask.
 */
public final class ServerPool {
  /** No server. */
  public static final int NONE = -1;

  private final String site;
  private final OriginPool config;
  private final ServerState[] states;
  private final long all;
  private final long[] tiers;
  private final Balancer balancer;
  private final Optional<StickyTokens> sticky;
  private final PoolLoad load;

  ServerPool(String site, OriginPool config, ServerState[] states, PoolLoad load) {
    this.site = site;
    this.config = config;
    this.states = states.clone();
    this.load = load;
    List<PoolServer> servers = config.servers();
    this.all = servers.size() == Long.SIZE ? -1 : (1L << servers.size()) - 1;
    this.tiers = tiers(servers);
    this.balancer = balancer(config, states, load);
    this.sticky =
        config
            .balance()
            .sticky()
            .map(
                cookie -> new StickyTokens(cookie, servers.stream().map(PoolServer::url).toList()));
  }

  private static long[] tiers(List<PoolServer> servers) {
    int[] numbers = servers.stream().mapToInt(PoolServer::tier).distinct().sorted().toArray();
    long[] masks = new long[numbers.length];
    for (int t = 0; t < numbers.length; t++) {
      for (int i = 0; i < servers.size(); i++) {
        masks[t] |= servers.get(i).tier() == numbers[t] ? 1L << i : 0;
      }
    }
    return masks;
  }

  private static Balancer balancer(OriginPool config, ServerState[] states, PoolLoad load) {
    int[] weights = config.servers().stream().mapToInt(PoolServer::weight).toArray();
    Balancer.Servers servers = new Balancer.Servers(states, weights, config.slowStartMillis());
    return switch (config.balance().algorithm()) {
      case ROUND_ROBIN -> new RoundRobin(servers, load.roundRobinTime());
      case LEAST_REQUESTS -> TwoChoices.leastRequests(servers, load.draws());
      case LATENCY -> TwoChoices.peakLatency(servers, load.draws());
      case HASH -> new BoundedHash(servers);
    };
  }

  /** The site's id. */
  public String site() {
    return site;
  }

  /** What outlives the pool's configuration. */
  PoolLoad load() {
    return load;
  }

  public OriginPool config() {
    return config;
  }

  public int size() {
    return states.length;
  }

  public ServerState server(int i) {
    return states[i];
  }

  public OriginUrl url(int i) {
    return states[i].url();
  }

  /**
   * What {@link Balance.Algorithm#HASH} goes by; 0 where nothing is hashed. A request without the
   * header or cookie goes by its URL.
   *
   * @param fields of the request
   * @param client the reader's address
   */
  public long hash(String target, Fields fields, String client) {
    if (!balancer.needsHash()) {
      return 0;
    }
    Balance balance = config.balance();
    Optional<String> by =
        switch (balance.hashBy()) {
          case URL -> Optional.empty();
          case CLIENT -> Optional.of(client);
          case HEADER -> fields.joined(balance.hashName());
          case COOKIE -> CookiePairs.value(fields.all("Cookie"), balance.hashName());
        };
    return Hashing.of(by.orElseGet(() -> fields.first("Host").orElse("") + target));
  }

  /** The server at which the reader's cookie wants to stay, or {@link #NONE}. */
  public int preferred(Fields fields) {
    return sticky.isEmpty() ? NONE : sticky.get().server(fields.all("Cookie"));
  }

  /** The Set-Cookie line by which a reader stays at a server it is new to. */
  public Optional<String> setCookie(int server, Fields fields) {
    return sticky
        .filter(s -> s.server(fields.all("Cookie")) != server)
        .map(s -> s.setCookie(server));
  }

  /**
   * The server to ask, or {@link #NONE} where all were.
   *
   * @param tried those that were asked already
   * @param preferred the one to stay at, or {@link #NONE}
   */
  public int choose(long tried, int preferred, long hash, long nowMillis) {
    if ((all & ~tried) == 0) {
      return NONE;
    }
    long well = well(nowMillis);
    if (preferred >= 0 && tried == 0 && (well >>> preferred & 1) != 0) {
      return preferred;
    }
    long candidates = TierPolicy.eligible(tiers, well, config.ejection().panicPercent()) & ~tried;
    if (candidates == 0) {
      candidates = well & ~tried;
    }
    if (candidates == 0) {
      candidates = all & ~tried;
    }
    return balancer.choose(candidates, hash, nowMillis);
  }

  /** Whether every server was asked. */
  public boolean isExhausted(long tried) {
    return (all & ~tried) == 0;
  }

  /** Whether a well server was not asked yet. */
  public boolean hasOther(long tried, long nowMillis) {
    return (well(nowMillis) & ~tried) != 0;
  }

  private long well(long nowMillis) {
    long well = 0;
    for (int i = 0; i < states.length; i++) {
      if (states[i].isWell(nowMillis)) {
        well |= 1L << i;
      }
    }
    return well;
  }

  /** Counts a request in; where a breaker is open it is not. */
  public Breaker beginRequest() {
    return load.beginRequest(config.breakers());
  }

  public void endRequest() {
    load.endRequest();
  }

  /** Counts a request in that waits for a connection. */
  public Breaker beginPending() {
    return load.beginPending(config.breakers());
  }

  public void endPending() {
    load.endPending();
  }

  /** Counts a connection in. */
  public Breaker beginConnection() {
    return load.beginConnection(config.breakers());
  }

  public void endConnection() {
    load.endConnection();
  }

  /** Whether an answer of this status is asked for again elsewhere. */
  public boolean isRetried(int status) {
    return status >= 200 && StatusPattern.anyFits(config.retries().statuses(), status);
  }

  /**
   * Begins a further attempt, now or once another has ended.
   *
   * @return false where none may begin: {@code go} never runs
   */
  public boolean beginRetry(Executor thread, Runnable go) {
    int most =
        RetryBudget.most(
            load.requests(), config.retries().budgetPercent(), config.retries().budgetFloor());
    boolean begins = load.retries().begin(most, config.breakers().pending(), thread, go);
    if (begins) {
      load.retried.increment();
    }
    return begins;
  }

  public void endRetry() {
    load.retries().end();
  }

  /** A server is asked. */
  public void began(int server) {
    states[server].began();
  }

  /** It is busy with that no more. */
  public void done(int server) {
    states[server].done();
  }

  /** An answer of a server, with its time to the head. */
  public void answered(
      int server, int status, Optional<String> retryAfter, long micros, long nowMillis) {
    ServerState state = states[server];
    state.answered(status, micros, nowMillis);
    OptionalLong pause = RetryAfter.millis(status, retryAfter, nowMillis);
    if (pause.isPresent()) {
      state.leaveAlone(Standing.RETRY_AFTER, nowMillis + pause.getAsLong());
    } else if (status >= 500) {
      judge(server, nowMillis);
    }
  }

  /** No answer of a server. */
  public void failed(int server, long micros, long nowMillis) {
    states[server].failed(micros, nowMillis);
    judge(server, nowMillis);
  }

  private void judge(int server, long nowMillis) {
    ServerState state = states[server];
    Standing verdict =
        EjectionPolicy.inRow(state.errorsInRow(), state.failuresInRow(), config.ejection());
    if (verdict != Standing.WELL) {
      eject(server, verdict, nowMillis);
    }
  }

  private void eject(int server, Standing verdict, long nowMillis) {
    int ejected = 0;
    for (ServerState state : states) {
      ejected += state.isEjected(nowMillis) ? 1 : 0;
    }
    ServerState state = states[server];
    Ejection rules = config.ejection();
    if (!state.isEjected(nowMillis) && EjectionPolicy.mayEject(ejected, states.length, rules)) {
      load.ejected.increment();
      state.leaveAlone(verdict, nowMillis + EjectionPolicy.millis(state.ejectedOnceMore(), rules));
    }
  }

  /** What a health check of a server came to. */
  public void checked(int server, CheckResult result, long nowMillis) {
    config
        .check()
        .ifPresent(check -> states[server].checked(result, check.rise(), check.fall(), nowMillis));
  }

  /** Nobody checks the server any more. */
  public void unchecked(int server, long nowMillis) {
    states[server].unchecked(nowMillis);
  }

  /** Compares the servers where their interval is over; to be called about once a second. */
  void sweep(long nowMillis) {
    Ejection rules = config.ejection();
    if (!load.isIntervalOver(nowMillis, rules.intervalMillis())) {
      return;
    }
    ServerState.Window[] windows = new ServerState.Window[states.length];
    for (int i = 0; i < states.length; i++) {
      windows[i] = states[i].window();
    }
    Standing[] verdicts = EjectionPolicy.outliers(windows, rules);
    for (int i = 0; i < states.length; i++) {
      if (verdicts[i] != Standing.WELL) {
        eject(i, verdicts[i], nowMillis);
      } else if (!states[i].isEjected(nowMillis)) {
        states[i].behaved();
      }
    }
  }

  /** Further attempts ever. */
  public long retried() {
    return load.retried.sum();
  }

  /** Servers left alone ever. */
  public long ejected() {
    return load.ejected.sum();
  }

  /** Requests ever that a breaker has failed. */
  public long tripped() {
    return load.tripped.sum();
  }

  /** Requests under way. */
  public int requests() {
    return load.requests();
  }

  /** Open connections. */
  public int connections() {
    return load.connections();
  }
}
