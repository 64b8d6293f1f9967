package dev.perigee.control.store;

import dev.perigee.contract.SiteConfig;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Who changed what, and who was refused, in a table to which rows are only added.
 *
 * <p>A change and its row are one transaction: {@link Database} asks for the row wherever a {@link
 * Change} was committed during a call, so there is no store that could forget it. Refused attempts
 * are gathered for some seconds, equal ones in one row, so that who is refused without end writes
 * little.
 */
public final class AuditLog implements AutoCloseable {
  /** Days for which every row stays; the database sees to it too. */
  public static final int LEAST_DAYS = 30;

  /** Different refusals of callers that are known, told apart between two writes. */
  private static final int MOST_GATHERED = 100;

  /** The same of those whom nobody knows: they take no room of the others. */
  private static final int MOST_OF_STRANGERS = 20;

  private static final int MOST_TEXT = 300;
  private static final int FORGOTTEN_AT_ONCE = 10_000;
  private static final ScopedValue<Call> CALL = ScopedValue.newInstance();

  private static final String INSERT =
      "INSERT INTO audit (who, token, role, organisation, operation, target, status, address,"
          + " times) VALUES (?, ?, ?, coalesce(?, (SELECT s.organisation FROM site s"
          + " WHERE s.id = ?)), ?, ?, ?, ?, ?)";

  private static final String SELECT =
      "SELECT id, at, who, token, role, organisation, operation, target, status, address, times"
          + " FROM audit WHERE id < ?";

  private final Database database;
  private final int keepDays;
  private final Map<Refused, Integer> gathered = new LinkedHashMap<>();
  private final Map<Refused, Integer> strangers = new LinkedHashMap<>();

  /**
   * A log.
   *
   * @param keepDays after which rows go, at least {@link #LEAST_DAYS}; 0: never
   */
  public AuditLog(Database database, int keepDays) {
    if (keepDays != 0 && keepDays < LEAST_DAYS) {
      throw new IllegalArgumentException("rows stay for %d days".formatted(LEAST_DAYS));
    }
    this.database = database;
    this.keepDays = keepDays;
  }

  /**
   * A call that may change something.
   *
   * @param who name of the token; empty where nobody knows
   * @param token its id; empty for the one in the file
   * @param organisation of the token
   * @param operation method and path, without what is named in it
   * @param target what is named in the path
   */
  public record Caller(
      String who,
      Optional<String> token,
      Optional<Role> role,
      Optional<String> organisation,
      String operation,
      String target,
      String address) {
    /** Cuts what strangers may have made long, or holds what the database cannot. */
    public Caller {
      target = text(target);
      who = text(who);
    }

    private static String text(String text) {
      String plain = text.replace('\0', '?');
      return plain.substring(0, Math.min(MOST_TEXT, plain.length()));
    }
  }

  /** A call under way, and whether its row was written, or there is none to write. */
  record Call(Caller caller, AtomicBoolean noted) {
    void unchanged() {
      noted.set(true);
    }
  }

  private record Refused(Caller caller, int status) {}

  /** A row. */
  public record Entry(long id, Instant at, Caller caller, int status, int times) {
    public boolean isDone() {
      return status < 300;
    }
  }

  /** What was changed, for its row. */
  private record Changed(String target, Optional<String> organisation, Optional<String> site) {
    static Changed of(Object value, String asked) {
      return switch (value) {
        case Changed changed -> changed;
        case SiteConfig site -> ofSite(site.id(), site.id());
        case PurgeStore.IssuedPurge purge ->
            new Changed(purge.id(), Optional.empty(), purge.purge().site());
        case Rollout rollout -> ofSite(rollout.id(), rollout.candidate().id());
        case Node node -> network(node.name());
        case CertificateStore.CertificateSummary certificate ->
            new Changed(
                certificate.id(), Optional.of(certificate.organisation()), Optional.empty());
        case DnsKey key -> network(String.valueOf(key.tag()));
        case Organisation one -> new Changed(one.id(), Optional.of(one.id()), Optional.empty());
        case SignIn one -> new Changed(one.id(), one.organisation(), Optional.empty());
        case ApiToken token -> new Changed(token.id(), token.organisation(), Optional.empty());
        case HostClaim claim ->
            new Changed(claim.host(), Optional.of(claim.organisation()), Optional.empty());
        default -> network(asked);
      };
    }

    private static Changed ofSite(String target, String site) {
      return new Changed(target, Optional.empty(), Optional.of(site));
    }

    private static Changed network(String target) {
      return new Changed(target, Optional.empty(), Optional.empty());
    }
  }

  /**
   * Runs a call: what is committed meanwhile on this thread has a row. Where it succeeds without a
   * change that could be seen, it has one too.
   *
   * @param status of an answer
   */
  public <T> T during(Caller caller, Supplier<T> work, ToIntFunction<T> status) {
    Call call = new Call(caller, new AtomicBoolean());
    T answer = ScopedValue.where(CALL, call).call(work::get);
    int code = status.applyAsInt(answer);
    if (code >= 400) {
      refused(caller, code);
    } else if (!call.noted().get()) {
      database.inTransaction(
          handle -> {
            note(handle, call, caller.target());
            return true;
          });
    }
    return answer;
  }

  /** What this call wants is so already: there is nothing to be noted of it. */
  static void unchanged() {
    current().ifPresent(Call::unchanged);
  }

  /** The call that runs on this thread. */
  static Optional<Call> current() {
    return CALL.isBound() ? Optional.of(CALL.get()) : Optional.empty();
  }

  /** Writes the row of what this call changed, where it is a call that did and has none yet. */
  static void note(Handle handle, Object value) {
    current().filter(call -> !call.noted().get()).ifPresent(call -> note(handle, call, value));
  }

  /** Writes a row of one of the changes of this call, each of which has one. */
  static void noteAlso(Handle handle, Object value) {
    current().ifPresent(call -> note(handle, new Call(call.caller(), new AtomicBoolean()), value));
  }

  /** The same, where what was changed does not say itself to which organisation it belongs. */
  static void note(Handle handle, String target, String organisation) {
    note(handle, new Changed(target, Optional.of(organisation), Optional.empty()));
  }

  /**
   * Where an operator calls, a row for an organisation that lost something by what is done for
   * another one. What other organisations do is not shown to it.
   */
  static void alsoNote(Handle handle, String target, String organisation) {
    current()
        .filter(call -> call.caller().organisation().isEmpty())
        .ifPresent(
            call -> {
              PreparedBatch batch = handle.prepareBatch(INSERT);
              Optional<String> whose = Optional.of(organisation);
              add(batch, call.caller(), new Changed(target, whose, Optional.empty()), 200, 1);
              batch.execute();
            });
  }

  private static void note(Handle handle, Call call, Object value) {
    noteAll(handle, List.of(Map.entry(call, value)));
  }

  /** The rows of several calls. */
  static void noteAll(Handle handle, List<? extends Map.Entry<Call, ?>> changes) {
    if (changes.isEmpty()) {
      return;
    }
    PreparedBatch batch = handle.prepareBatch(INSERT);
    for (Map.Entry<Call, ?> change : changes) {
      Caller caller = change.getKey().caller();
      Changed changed = Changed.of(change.getValue(), caller.target());
      add(batch, caller, changed, 200, 1);
      change.getKey().noted().set(true);
    }
    batch.execute();
  }

  private static void add(
      PreparedBatch batch, Caller caller, Changed changed, int status, int times) {
    batch
        .bind(0, caller.who())
        .bind(1, caller.token().orElse(null))
        .bind(2, caller.role().map(Role::word).orElse(null))
        .bind(3, caller.organisation().or(changed::organisation).orElse(null))
        .bind(4, changed.site().orElse(null))
        .bind(5, caller.operation())
        .bind(6, changed.target())
        .bind(7, status)
        .bind(8, caller.address())
        .bind(9, times)
        .add();
  }

  /** Somebody was refused. */
  public synchronized void refused(Caller caller, int status) {
    gather(new Refused(caller.role().isPresent() ? caller : stranger(caller), status), 1);
  }

  /** The same, where somebody else vouches for who it was. */
  public synchronized void refusedKnown(Caller caller, int status) {
    gather(new Refused(caller, status), 1);
  }

  private void gather(Refused one, int times) {
    boolean known = !one.caller().who().isEmpty();
    Map<Refused, Integer> some = known ? gathered : strangers;
    int most = known ? MOST_GATHERED : MOST_OF_STRANGERS;
    boolean room = some.size() < most || some.containsKey(one);
    some.merge(room ? one : new Refused(many(), one.status()), times, Integer::sum);
  }

  /** What strangers name may be anything, so it is not kept. */
  private static Caller stranger(Caller caller) {
    return new Caller(
        "",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        caller.operation(),
        "",
        caller.address());
  }

  private static Caller many() {
    return new Caller(
        "", Optional.empty(), Optional.empty(), Optional.empty(), "many", "", "several");
  }

  /** Writes the refusals that were gathered, and lets go of rows that are old enough. */
  public void sweep() {
    Map<Refused, Integer> some = taken();
    if (!some.isEmpty()) {
      try {
        database.inTransaction(handle -> write(handle, some));
      } catch (StoreException e) {
        back(some);
        throw e;
      }
    }
    if (keepDays > 0) {
      database.inTransaction(this::forget);
    }
  }

  private synchronized Map<Refused, Integer> taken() {
    Map<Refused, Integer> some = new LinkedHashMap<>(gathered);
    strangers.forEach((one, times) -> some.merge(one, times, Integer::sum));
    gathered.clear();
    strangers.clear();
    return some;
  }

  private synchronized void back(Map<Refused, Integer> some) {
    some.forEach(this::gather);
  }

  private static int write(Handle handle, Map<Refused, Integer> some) {
    PreparedBatch batch = handle.prepareBatch(INSERT);
    some.forEach(
        (one, times) ->
            add(batch, one.caller(), Changed.network(one.caller().target()), one.status(), times));
    return batch.execute().length;
  }

  private int forget(Handle handle) {
    handle.execute("SELECT set_config('perigee.audit_retention', 'on', true)");
    return handle.execute(
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit"
            + " WHERE at < now() - make_interval(days => ?) ORDER BY at LIMIT ?)",
        keepDays,
        FORGOTTEN_AT_ONCE);
  }

  /**
   * Which of the rows are wanted.
   *
   * @param who name of a token
   * @param done whether they say that something was, not that it was refused
   * @param before id below which theirs are
   */
  public record Sought(Optional<String> who, Optional<Boolean> done, long before, int most) {}

  /** The newest rows that are wanted and within view, the newest first. */
  public List<Entry> page(Purview purview, Sought sought) {
    sweep();
    return database.read(
        handle ->
            handle
                .createQuery(
                    SELECT
                        + " AND (?::text IS NULL OR organisation = ?)"
                        + " AND who = coalesce(?, who)"
                        + " AND (?::boolean IS NULL OR (status < 300) = ?)"
                        + " ORDER BY id DESC LIMIT ?")
                .bind(0, sought.before())
                .bind(1, purview.organisation().orElse(null))
                .bind(2, purview.organisation().orElse(null))
                .bind(3, sought.who().orElse(null))
                .bind(4, sought.done().orElse(null))
                .bind(5, sought.done().orElse(null))
                .bind(6, sought.most())
                .map((row, context) -> read(row))
                .list());
  }

  private static Entry read(ResultSet row) throws SQLException {
    Caller caller =
        new Caller(
            row.getString(3),
            Optional.ofNullable(row.getString(4)),
            Optional.ofNullable(row.getString(5)).flatMap(Role::of),
            Optional.ofNullable(row.getString(6)),
            row.getString(7),
            row.getString(8),
            row.getString(10));
    Instant at = row.getTimestamp(2).toInstant();
    return new Entry(row.getLong(1), at, caller, row.getInt(9), row.getInt(11));
  }

  /** Writes what is gathered. */
  @Override
  public void close() {
    sweep();
  }
}
