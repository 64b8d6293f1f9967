package dev.perigee.edge.limit;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromControl.Share;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.FromEdge.Demand;
import dev.perigee.contract.Limits;
import dev.perigee.contract.RateRule;
import dev.perigee.edge.config.ShareSink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * This node's part in limits that all nodes share: what it tells the control plane of the counts
 * that matter, and the shares that it is given for them. Apart from what requests read, everything
 * here is called by the sync thread.
 *
 * <p>A count matters once it wants more than a tenth of what every node would have by dividing
 * evenly: of what stays below, all nodes together let in a tenth of the limit at most. Where the
 * control plane says nothing any more, the last shares become the even ones by and by; both kinds
 * come to the limit in sum, and so does what is between.
 */
public final class FleetShares implements ShareSink {
  private static final long REPORT_MILLIS = 500;

  /** In a count's mark: one request, refused. */
  static final long WANTED = 1;

  private static final int MARK_BITS = 24;

  /** In a count's mark: one request, let in. */
  static final long WANTED_AND_LET_IN = WANTED | 1L << MARK_BITS;

  private static final long MARK = (1L << MARK_BITS) - 1;
  private static final int NUMBER_SHIFT = 2 * MARK_BITS;

  /** Limits of the fleet that are reported; further ones stay divided evenly. */
  private static final int RULES = 4096;

  /** Of what an even share would be, what is worth a report. */
  private static final double WORTH = 0.1;

  /** How much the newest interval counts. */
  private static final double NEWEST = 0.7;

  /** And where less is wanted than before: what is held on to is missing elsewhere. */
  private static final double NEWEST_OF_LESS = 0.9;

  private static final double FORGOTTEN = 0.01;
  private static final double NANOS = 1e9;

  /** Without an answer for so long the control plane counts as gone. */
  private static final double SILENCE_SECONDS = 3;

  /** In which half of the way to even shares is gone. */
  private static final double HALF_SECONDS = 5;

  private final CounterTable counters;
  private final @Nullable LimitRule[] rules = new LimitRule[RULES];
  private final Map<Long, Seen> seen = new HashMap<>();
  private volatile Shares shares = Shares.none(1);
  private volatile LimitKeys keys;
  private List<Share> told = List.of();
  private long toldNanos;
  private long reportedNanos;
  private int nextNumber = 1;
  private volatile int reported;

  /** What is known of a count from one report to the next. */
  private static final class Seen {
    final LimitRule rule;
    double wanted;
    double letIn;

    Seen(LimitRule rule) {
      this.rule = rule;
    }
  }

  FleetShares(CounterTable counters, RandomGenerator random) {
    this.counters = counters;
    this.keys = new LimitKeys(random.nextLong(), random.nextLong());
  }

  LimitKeys keys() {
    return keys;
  }

  /** A rule that begins to count. */
  synchronized LimitRule begin(String site, RateRule rule) {
    int number = 0;
    if (rule.scope() == RateRule.Scope.FLEET) {
      for (int tried = 1; tried < RULES && number == 0; tried++) {
        nextNumber = nextNumber + 1 == RULES ? 1 : nextNumber + 1;
        number = rules[nextNumber] == null ? nextNumber : 0;
      }
    }
    LimitRule begun = new LimitRule(site, rule, () -> shares, number);
    if (number != 0) {
      rules[number] = begun;
    }
    return begun;
  }

  /** A rule that counts no more. */
  synchronized void forget(LimitRule rule) {
    if (rule.number() != 0) {
      rules[rule.number()] = null;
    }
  }

  /** The mark that a count of the rule begins with. */
  static long first(LimitRule rule) {
    return (long) rule.number() << NUMBER_SHIFT;
  }

  /**
   * The key of the hash by which all nodes know counts; where it is another one than before, what
   * was counted by the limits of the fleet begins anew.
   */
  @Override
  public void agreed(long first, long second) {
    LimitKeys agreed = new LimitKeys(first, second);
    if (!agreed.equals(keys)) {
      keys = agreed;
    }
  }

  @Override
  public void take(FromControl.Shares message, long nowNanos) {
    told = message.shares();
    toldNanos = nowNanos;
    shares = Shares.of(message.nodes(), told);
  }

  /** Counts in the last report. */
  public int reported() {
    return reported;
  }

  @Override
  public long reportMillis() {
    return REPORT_MILLIS;
  }

  @Override
  public Optional<FromEdge.Demands> report(long nowNanos) {
    double seconds = Math.max(1e-3, (nowNanos - reportedNanos) / NANOS);
    boolean first = reportedNanos == 0;
    reportedNanos = nowNanos;
    age(nowNanos);
    @Nullable LimitRule[] now = inForce();
    Map<Long, Long> marks = drain(now);
    boolean any = Arrays.stream(now).anyMatch(Objects::nonNull);
    if (first || !any) {
      seen.clear();
      reported = 0;
      return any ? Optional.of(new FromEdge.Demands(List.of())) : Optional.empty();
    }
    for (Iterator<Map.Entry<Long, Seen>> all = seen.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Long, Seen> entry = all.next();
      Seen one = entry.getValue();
      long mark = marks.getOrDefault(entry.getKey(), 0L);
      double wanted = (mark & MARK) / seconds;
      one.wanted += (wanted < one.wanted ? NEWEST_OF_LESS : NEWEST) * (wanted - one.wanted);
      one.letIn += NEWEST * ((mark >>> MARK_BITS & MARK) / seconds - one.letIn);
      if (one.wanted < FORGOTTEN * one.rule.undividedRate() || !isInForce(one.rule)) {
        all.remove();
      }
    }
    List<Demand> demands = chosen();
    reported = demands.size();
    return Optional.of(new FromEdge.Demands(demands));
  }

  private synchronized @Nullable LimitRule[] inForce() {
    return rules.clone();
  }

  private synchronized boolean isInForce(LimitRule rule) {
    return rules[rule.number()] == rule;
  }

  /** What was wanted since the last report, by count; new counts are noted. */
  private Map<Long, Long> drain(@Nullable LimitRule[] now) {
    Map<Long, Long> marks = new HashMap<>();
    boolean any = false;
    for (LimitRule rule : now) {
      if (rule != null) {
        any = true;
        if (rule.rule().by() == RateRule.By.ALL) {
          note(rule.seed(keys), rule, rule.takeMark(), marks);
        }
      }
    }
    if (any) {
      counters.marks(
          (hash, mark) -> {
            LimitRule rule = now[(int) (mark >>> NUMBER_SHIFT) & RULES - 1];
            long counted = mark & (1L << NUMBER_SHIFT) - 1;
            if (rule != null) {
              note(hash, rule, counted, marks);
            }
            return mark - counted;
          });
    }
    return marks;
  }

  private void note(long hash, LimitRule rule, long counted, Map<Long, Long> marks) {
    if (counted != 0) {
      marks.merge(hash, counted, Long::sum);
      seen.computeIfAbsent(hash, any -> new Seen(rule));
    }
  }

  /** Of each site those that want most of their limit; the sites take turns where it gets full. */
  private List<Demand> chosen() {
    Map<String, List<Demand>> bySite = new HashMap<>();
    seen.forEach(
        (hash, one) -> {
          if (one.wanted >= WORTH * one.rule.undividedRate()) {
            bySite
                .computeIfAbsent(one.rule.site(), site -> new ArrayList<>())
                .add(demand(hash, one));
          }
        });
    bySite
        .values()
        .forEach(all -> all.sort(Comparator.comparingDouble(d -> -d.wanted() / d.rate())));
    return turns(bySite.values());
  }

  private static List<Demand> turns(Collection<List<Demand>> sites) {
    List<Demand> chosen = new ArrayList<>();
    for (int turn = 0; turn < Limits.DEMANDS_PER_SITE; turn++) {
      int before = chosen.size();
      for (List<Demand> one : sites) {
        if (turn < one.size() && chosen.size() < Limits.DEMANDS) {
          chosen.add(one.get(turn));
        }
      }
      if (chosen.size() == before) {
        break;
      }
    }
    return chosen;
  }

  private static Demand demand(long hash, Seen one) {
    return new Demand(hash, one.rule.rate(), one.rule.rule().burst(), one.wanted, one.letIn);
  }

  /** Where nobody divides any more, what was divided becomes even. */
  private void age(long nowNanos) {
    double silent = (nowNanos - toldNanos) / NANOS - SILENCE_SECONDS;
    if (told.isEmpty() || silent <= 0) {
      return;
    }
    double kept = Math.pow(0.5, silent / HALF_SECONDS);
    int nodes = shares.nodes();
    List<Share> aged = new ArrayList<>();
    for (Share share : told) {
      Seen one = seen.get(share.key());
      if (one == null) {
        aged.add(share);
        continue;
      }
      double rate = kept * share.rate() + (1 - kept) * one.rule.rate() / nodes;
      double burst = kept * share.burst() + (1 - kept) * one.rule.rule().burst() / nodes;
      aged.add(new Share(share.key(), rate, Math.max(1, burst)));
    }
    shares = Shares.of(nodes, aged);
  }
}
