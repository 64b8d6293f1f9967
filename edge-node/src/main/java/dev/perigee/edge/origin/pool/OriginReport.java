package dev.perigee.edge.origin.pool;

import dev.perigee.contract.OriginHealth;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What this node says of origins: a few sites at a time, first those where a server's standing
 * changed, then the others in turn. Asked by one thread, about once a second.
 */
public final class OriginReport {
  /** Servers in one report, though always one site. */
  private static final int SERVERS = 64;

  private final OriginTable table;

  /** Standings as they were said last, by site. */
  private final Map<String, List<Standing>> said = new HashMap<>();

  /** Sites that were not named yet in this round. */
  private final Set<String> round = new LinkedHashSet<>();

  public OriginReport(OriginTable table) {
    this.table = table;
  }

  /** The next part. */
  public List<OriginHealth> next(long nowMillis) {
    Map<String, SitePools> sites = new HashMap<>();
    table.all().forEach(site -> sites.put(site.site().id(), site));
    said.keySet().retainAll(sites.keySet());
    round.retainAll(sites.keySet());
    if (round.isEmpty()) {
      round.addAll(sites.keySet());
    }
    List<OriginHealth> report = new ArrayList<>();
    Set<String> named = new HashSet<>();
    int room = SERVERS;
    for (SitePools site : sites.values()) {
      String id = site.site().id();
      if (room > 0 && said.containsKey(id) && !standings(site, nowMillis).equals(said.get(id))) {
        room -= add(report, site, nowMillis);
        named.add(id);
      }
    }
    for (Iterator<String> it = round.iterator(); it.hasNext() && room > 0; ) {
      SitePools site = sites.get(it.next());
      it.remove();
      if (site != null && !named.contains(site.site().id())) {
        room -= add(report, site, nowMillis);
      }
    }
    return report;
  }

  private static List<Standing> standings(SitePools site, long nowMillis) {
    List<Standing> standings = new ArrayList<>();
    for (ServerPool pool : site.all()) {
      for (int i = 0; i < pool.size(); i++) {
        standings.add(pool.server(i).standing(nowMillis));
      }
    }
    return standings;
  }

  private int add(List<OriginHealth> report, SitePools site, long nowMillis) {
    said.put(site.site().id(), standings(site, nowMillis));
    OriginHealth health = health(site, nowMillis);
    report.add(health);
    return health.servers().size();
  }

  private static OriginHealth health(SitePools site, long nowMillis) {
    List<OriginHealth.Server> servers = new ArrayList<>();
    for (ServerPool pool : site.all()) {
      for (int i = 0; i < pool.size(); i++) {
        ServerState state = pool.server(i);
        servers.add(
            new OriginHealth.Server(
                pool.config().name(),
                state.url().toString(),
                state.standing(nowMillis).token(),
                pool.config().check().isPresent() ? state.lastCheck().token() : "",
                state.active(),
                Math.round(state.latencyMicros(nowMillis)),
                state.requests(),
                state.failures()));
      }
    }
    return new OriginHealth(site.site().id(), servers);
  }
}
