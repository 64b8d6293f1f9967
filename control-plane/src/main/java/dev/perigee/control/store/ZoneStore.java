package dev.perigee.control.store;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.Limits;
import dev.perigee.contract.Problem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** The coverage zones in PostgreSQL; they are replaced all at once. */
public final class ZoneStore {
  /** The kind of their changes in the change log. */
  public static final String KIND = "zones";

  private final Database database;
  private final LogNumbers numbers;

  public ZoneStore(Database database, LogNumbers numbers) {
    this.database = database;
    this.numbers = numbers;
  }

  /** All zones, in no order. */
  public List<CoverageZone> all() {
    return database.read(ZoneStore::all);
  }

  private static List<CoverageZone> all(Handle handle) {
    return handle
        .createQuery("SELECT network, targets FROM steer_zone")
        .map(
            (row, context) ->
                new CoverageZone(
                    AddressRange.of(row.getString(1)),
                    List.of((String[]) row.getArray(2).getArray())))
        .list();
  }

  /** Puts these zones in the place of those before. */
  public Change<List<CoverageZone>> replace(List<CoverageZone> zones) {
    Change<List<CoverageZone>> change =
        database.inTransaction(
            handle -> {
              List<Problem> problems = problems(handle, zones);
              if (!problems.isEmpty()) {
                return new Change.Invalid<>(problems);
              }
              handle.execute("DELETE FROM steer_zone");
              if (!zones.isEmpty()) {
                insert(handle, zones);
              }
              return new Change.Committed<>(
                  List.copyOf(zones), LogNumbers.nextRevision(handle, KIND, KIND));
            });
    numbers.wake();
    return change;
  }

  private static void insert(Handle handle, List<CoverageZone> zones) {
    PreparedBatch batch =
        handle.prepareBatch("INSERT INTO steer_zone (network, targets) VALUES (?, ?)");
    for (CoverageZone zone : zones) {
      batch.bind(0, zone.network().toString()).bind(1, zone.targets().toArray(String[]::new)).add();
    }
    batch.execute();
  }

  private static List<Problem> problems(Handle handle, List<CoverageZone> zones) {
    List<Problem> problems = new ArrayList<>();
    if (zones.size() > Limits.ZONES) {
      problems.add(new Problem("items", "must be at most " + Limits.ZONES));
      return problems;
    }
    Set<String> known =
        handle
            .createQuery("SELECT name FROM node UNION SELECT region FROM node")
            .mapTo(String.class)
            .collect(Collectors.toSet());
    Map<AddressRange, Integer> seen = new HashMap<>();
    for (int i = 0; i < zones.size(); i++) {
      CoverageZone zone = zones.get(i);
      String at = "items[" + i + "].";
      Integer first = seen.putIfAbsent(zone.network(), i);
      if (first != null) {
        String reason = zone.network() + " stands in items[" + first + "] too";
        problems.add(new Problem(at + "network", reason));
      }
      if (zone.targets().isEmpty() || zone.targets().size() > Limits.ZONE_TARGETS) {
        String reason = "must name 1 to " + Limits.ZONE_TARGETS + " regions or nodes";
        problems.add(new Problem(at + "targets", reason));
      }
      for (String target : zone.targets()) {
        if (!known.contains(target)) {
          String reason = "names no node and no region of one: " + target;
          problems.add(new Problem(at + "targets", reason));
        }
      }
    }
    return problems.size() > Limits.ZONE_PROBLEMS
        ? problems.subList(0, Limits.ZONE_PROBLEMS)
        : problems;
  }
}
