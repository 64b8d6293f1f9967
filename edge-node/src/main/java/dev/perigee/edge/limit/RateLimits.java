package dev.perigee.edge.limit;

import dev.perigee.contract.RateRule;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.table.HashTrie;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The rate limits of all sites in force, and their counts. A rule that a change of its site leaves
 * as it is goes on counting; one that is changed begins anew.
 */
public final class RateLimits {
  /** Counts of a node, unless its settings say otherwise. */
  public static final int COUNTERS = 1 << 18;

  /** Of these, how many are for the limits of the whole fleet. */
  private static final int FLEET_PART = 8;

  /** The clock begins with two windows of the longest kind behind it. */
  private static final long BEGIN_NANOS = 2 * 86_400L * 1_000_000_000;

  private final LongSupplier nanos;
  private final long origin;
  private final CounterTable counters;
  private final CounterTable fleetCounters;
  private final LimitKeys keys;
  private final FleetShares fleet;
  private volatile Tables tables = new Tables(HashTrie.empty(), HashTrie.empty());

  private record Tables(HashTrie<SiteConfig> sites, HashTrie<SiteLimits> limits) {}

  /** The limits of one site. */
  record SiteLimits(List<LimitRule> rules) {}

  /**
   * Limits of no site.
   *
   * @param counts how many counts are kept at once
   * @param nanos a clock that never jumps
   */
  public RateLimits(int counts, LongSupplier nanos, RandomGenerator random) {
    this.nanos = nanos;
    this.origin = nanos.getAsLong() - BEGIN_NANOS;
    this.counters = new CounterTable(counts);
    this.fleetCounters = new CounterTable(counts / FLEET_PART);
    this.keys = new LimitKeys(random.nextLong(), random.nextLong());
    this.fleet = new FleetShares(fleetCounters, random);
  }

  /** Takes over the configuration of all sites. */
  public synchronized void swap(HashTrie<SiteConfig> sites) {
    Tables before = tables;
    Map<String, SiteLimits> fresh = new HashMap<>();
    List<String> gone = new ArrayList<>();
    sites.changesSince(
        before.sites,
        (id, old, site) -> {
          SiteLimits known = before.limits.find(id);
          if (site == null || site.limits().isEmpty()) {
            if (known != null) {
              known.rules.forEach(fleet::forget);
              gone.add(id);
            }
          } else {
            fresh.put(id, limits(site, known));
          }
        });
    tables = new Tables(sites, before.limits.withoutAll(gone).withAll(fresh));
  }

  private SiteLimits limits(SiteConfig site, @Nullable SiteLimits before) {
    Map<RateRule, LimitRule> known = new HashMap<>();
    if (before != null) {
      before.rules.forEach(rule -> known.put(rule.rule(), rule));
    }
    List<LimitRule> rules = new ArrayList<>();
    for (RateRule rule : site.limits()) {
      LimitRule same = known.remove(rule);
      rules.add(same == null ? fleet.begin(site.id(), rule) : same);
    }
    known.values().forEach(fleet::forget);
    return new SiteLimits(List.copyOf(rules));
  }

  /**
   * Counts a request by all limits of its site that it fits, in their order, until one refuses.
   * Where no limit is shown and none is passed, it makes no object but the Optional of a field.
   *
   * @param site as the request knows it
   * @param missed whether by the limits that count what the cache does not answer, or by the others
   */
  public Ruling rule(SiteConfig site, RequestHead request, ClientPlace place, boolean missed) {
    if (site.limits().isEmpty()) {
      return Ruling.LET_IN;
    }
    SiteLimits limits = tables.limits.find(site.id());
    if (limits == null) {
      return Ruling.LET_IN;
    }
    long now = now();
    RateFields shown = null;
    String over = "";
    for (int i = 0; i < limits.rules.size(); i++) {
      LimitRule limit = limits.rules.get(i);
      RateRule rule = limit.rule();
      if (rule.missesOnly() != missed || !rule.appliesTo(request.method(), request.target())) {
        continue;
      }
      long hash = hash(limit, request, place);
      long state = take(limit, hash, now);
      boolean refused = state < 0;
      limit.counted(refused);
      long kept = refused ? ~state : state;
      if (refused && rule.action() == RateRule.Action.BLOCK) {
        return refused(limit, shown, limit.wait(hash, kept, now));
      }
      if (refused && over.isEmpty()) {
        over = rule.name();
      }
      if (rule.shown() && rule.action() == RateRule.Action.BLOCK) {
        shown = shown == null ? new RateFields() : shown;
        shown.add(rule, limit.left(hash, kept, now), limit.renewal(hash, kept, now));
      }
    }
    if (shown == null && over.isEmpty()) {
      return Ruling.LET_IN;
    }
    return shown == null
        ? new Ruling.LetIn("", "", over)
        : new Ruling.LetIn(shown.policy(), shown.state(), over);
  }

  private static Ruling refused(LimitRule limit, @Nullable RateFields before, long waitNanos) {
    RateFields fields = before == null ? new RateFields() : before;
    fields.add(limit.rule(), 0, waitNanos);
    long seconds = Math.max(1, RateFields.seconds(waitNanos));
    return new Ruling.Refused(fields.policy(), fields.state(), limit.rule().name(), seconds);
  }

  private long hash(LimitRule limit, RequestHead request, ClientPlace place) {
    LimitKeys by = limit.isOfFleet() ? fleet.keys() : keys;
    return by.of(limit.rule(), limit.seed(by), request, place);
  }

  private long take(LimitRule limit, long hash, long now) {
    boolean marks = limit.number() != 0;
    long refused = marks ? FleetShares.WANTED : 0;
    long letIn = marks ? FleetShares.WANTED_AND_LET_IN : 0;
    if (limit.rule().by() == RateRule.By.ALL) {
      return limit.takeOne(hash, now, letIn, refused);
    }
    return limit.isOfFleet()
        ? fleetCounters.take(hash, limit, now, FleetShares.first(limit), letIn, refused)
        : counters.take(hash, limit, now, 0, 0, 0);
  }

  private long now() {
    return nanos.getAsLong() - origin;
  }

  /** This node's part in limits that all nodes share. */
  public FleetShares fleet() {
    return fleet;
  }

  /** The limits of all sites in force. */
  Collection<SiteLimits> all() {
    return tables.limits.values();
  }

  /** How many counts there is room for. */
  public int counts() {
    return counters.slots() + fleetCounters.slots();
  }

  /** Counts that went for others while they still meant something. */
  public long putOut() {
    return counters.putOut() + fleetCounters.putOut();
  }

  /** Requests that were let in uncounted, since too many threads wanted one place. */
  public long notKept() {
    return counters.notKept() + fleetCounters.notKept();
  }
}
