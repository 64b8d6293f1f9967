package dev.perigee.edge.telemetry;

import dev.perigee.contract.SiteTraffic;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what each site's readers were answered since somebody asked. A site without requests takes
 * no room; what does not fit one report waits for the next.
 */
public final class SiteTally implements RequestObserver {
  /** Sites that are counted between two reports; requests of further ones are not. */
  private static final int MAX_SITES = 10_000;

  /** Sites of one report. */
  private static final int AT_ONCE = 100;

  private final Map<String, Counts> counts = new ConcurrentHashMap<>();

  private static final class Counts {
    final LongAdder requests = new LongAdder();
    final LongAdder errors = new LongAdder();
  }

  @Override
  public void ended(RequestRecord request) {
    String site = request.site();
    Counts known = counts.get(site);
    if (known == null) {
      if (site.isEmpty() || counts.size() >= MAX_SITES) {
        return;
      }
      known = counts.computeIfAbsent(site, name -> new Counts());
    }
    // Errors last: a report never has more of them than requests.
    known.requests.increment();
    if (request.status() / 100 == 5) {
      known.errors.increment();
    }
  }

  /** What was counted and not yet reported, of as many sites as one report has. */
  public List<SiteTraffic> next() {
    List<SiteTraffic> report = new ArrayList<>();
    Iterator<Map.Entry<String, Counts>> entries = counts.entrySet().iterator();
    while (entries.hasNext() && report.size() < AT_ONCE) {
      Map.Entry<String, Counts> entry = entries.next();
      entries.remove();
      long errors = entry.getValue().errors.sum();
      long requests = Math.max(errors, entry.getValue().requests.sum());
      if (requests > 0) {
        report.add(new SiteTraffic(entry.getKey(), requests, errors));
      }
    }
    return report;
  }
}
