package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.Problem;
import dev.perigee.control.store.DnsKeyPolicy.Step;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/** The zone's keys in PostgreSQL, that all control planes sign with. */
public final class DnsKeyStore {
  private static final String ALL =
      "SELECT tag, public_key, private_key, published_at, signing_at, retiring_at, ds_gone_at,"
          + " ds_seconds FROM dns_key ORDER BY published_at, tag";

  private static final int COORDINATE = 32;

  private final Database database;
  private final LogNumbers numbers;
  private final String zone;
  private final DnsKeyPolicy policy;
  private final InstantSource clock;
  private final SecureRandom random;
  private final KeyRing keys;

  /**
   * @param zone normalised
   * @param keys that private keys are sealed with
   */
  public DnsKeyStore(
      Database database,
      LogNumbers numbers,
      String zone,
      DnsKeyPolicy policy,
      InstantSource clock,
      SecureRandom random,
      KeyRing keys) {
    this.keys = keys;
    this.database = database;
    this.numbers = numbers;
    this.zone = zone;
    this.policy = policy;
    this.clock = clock;
    this.random = random;
  }

  /** The zone they sign, normalised. */
  public String zone() {
    return zone;
  }

  /** When keys may take their steps. */
  public DnsKeyPolicy policy() {
    return policy;
  }

  /** What comes next for a key, and from when on. */
  public String next(DnsKey key, List<DnsKey> keys) {
    return switch (key.state()) {
      case PUBLISHED -> "roll: " + reason(policy.roll(keys, now()));
      case SIGNING ->
          keys.size() == 1 && key.dsGone().isPresent()
              ? "retire: " + reason(policy.retire(key, keys, now()))
              : "its DS belongs at the parent from %s on".formatted(policy.known(key));
      case RETIRING -> "retire: " + reason(policy.retire(key, keys, now()));
    };
  }

  /** All of them, the oldest first. */
  public List<DnsKey> all() {
    return database.read(this::all);
  }

  private List<DnsKey> all(Handle handle) {
    return handle.createQuery(ALL).map((row, context) -> key(row)).list();
  }

  /** A new key. The first one signs at once; a further one is published for a roll. */
  public Change<DnsKey> add() {
    return change(
        (handle, keys) ->
            switch (policy.add(keys)) {
              case Step.Allowed() -> insert(handle, keys);
              case Step no -> refused(no);
            });
  }

  private Change<DnsKey> insert(Handle handle, List<DnsKey> known) {
    KeyPair pair = pair(known);
    byte[] point = point((ECPublicKey) pair.getPublic());
    int tag = DnsKey.tag(point);
    Timestamp now = Timestamp.from(now());
    handle.execute(
        "INSERT INTO dns_key (tag, public_key, private_key, published_at, signing_at)"
            + " VALUES (?, ?, ?, ?, ?)",
        tag,
        point,
        keys.enclose(row(tag), pair.getPrivate().getEncoded()),
        now,
        known.isEmpty() ? now : null);
    return committed(handle, tag);
  }

  /** A pair whose tag no other key has, so that tags name keys. */
  private KeyPair pair(List<DnsKey> keys) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      while (true) {
        KeyPair pair = generator.generateKeyPair();
        int tag = DnsKey.tag(point((ECPublicKey) pair.getPublic()));
        if (keys.stream().noneMatch(key -> key.tag() == tag)) {
          return pair;
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has P-256", e);
    }
  }

  private static byte[] point(ECPublicKey key) {
    byte[] point = new byte[2 * COORDINATE];
    coordinate(key.getW().getAffineX(), point, 0);
    coordinate(key.getW().getAffineY(), point, COORDINATE);
    return point;
  }

  private static void coordinate(BigInteger value, byte[] into, int at) {
    byte[] bytes = value.toByteArray();
    int sign = Math.max(0, bytes.length - COORDINATE);
    int length = bytes.length - sign;
    System.arraycopy(bytes, sign, into, at + COORDINATE - length, length);
  }

  /** The published key signs from now on, the one that did is retiring. */
  public Change<DnsKey> roll() {
    return change(
        (handle, keys) ->
            switch (policy.roll(keys, now())) {
              case Step.Allowed() -> roll(handle, keys);
              case Step no -> refused(no);
            });
  }

  private Change<DnsKey> roll(Handle handle, List<DnsKey> keys) {
    Timestamp now = Timestamp.from(now());
    handle.execute(
        "UPDATE dns_key SET retiring_at = ? WHERE signing_at IS NOT NULL AND retiring_at IS NULL",
        now);
    int tag =
        keys.stream()
            .filter(key -> key.state() == DnsKey.State.PUBLISHED)
            .findFirst()
            .orElseThrow()
            .tag();
    handle.execute("UPDATE dns_key SET signing_at = ? WHERE tag = ?", now, tag);
    return committed(handle, tag);
  }

  /**
   * The parent has no DS of this key any more, as of now.
   *
   * @param kept the time to live that the DS had
   */
  public Change<DnsKey> dsGone(int tag, Duration kept) {
    return change(
        (handle, keys) ->
            found(
                keys,
                tag,
                key -> {
                  handle.execute(
                      "UPDATE dns_key SET ds_gone_at = ?, ds_seconds = ? WHERE tag = ?",
                      Timestamp.from(now()),
                      (int) kept.toSeconds(),
                      tag);
                  return committed(handle, tag);
                }));
  }

  /** Takes a key out of the zone, for good. */
  public Change<DnsKey> retire(int tag) {
    return change(
        (handle, keys) ->
            found(
                keys,
                tag,
                key ->
                    switch (policy.retire(key, keys, now())) {
                      case Step.Allowed() -> {
                        handle.execute("DELETE FROM dns_key WHERE tag = ?", tag);
                        yield new Change.Committed<>(key, 0);
                      }
                      case Step no -> refused(no);
                    }));
  }

  private static Change<DnsKey> found(
      List<DnsKey> keys, int tag, Function<DnsKey, Change<DnsKey>> step) {
    return keys.stream()
        .filter(key -> key.tag() == tag)
        .findFirst()
        .map(step)
        .orElseGet(Change.Unknown::new);
  }

  /** A step from the keys as they are. */
  private interface Changing {
    Change<DnsKey> from(Handle handle, List<DnsKey> keys);
  }

  private Change<DnsKey> change(Changing step) {
    Change<DnsKey> change =
        database.inTransaction(
            handle -> {
              // One after the other, so that each sees where the one before has come to.
              handle.execute("LOCK TABLE dns_key IN SHARE ROW EXCLUSIVE MODE");
              return step.from(handle, all(handle));
            });
    numbers.wake();
    return change;
  }

  private Change<DnsKey> committed(Handle handle, int tag) {
    return new Change.Committed<>(
        all(handle).stream().filter(key -> key.tag() == tag).findFirst().orElseThrow(), 0);
  }

  private static Change<DnsKey> refused(Step step) {
    return new Change.Conflict<>(new Problem("key", reason(step)));
  }

  /** Why a step may not be taken, and what to do. */
  static String reason(Step step) {
    return switch (step) {
      case Step.Allowed() -> "may be taken";
      case Step.TooEarly(Instant at, String why) -> "too early: %s; from %s on".formatted(why, at);
      case Step.Refused(String why) -> why;
    };
  }

  /** As the database keeps it. */
  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  /** What a private key is sealed as. */
  static String row(int tag) {
    return "zone's key " + tag;
  }

  private DnsKey key(ResultSet row) throws SQLException {
    Optional<Instant> gone = time(row, "ds_gone_at");
    Duration kept = Duration.ofSeconds(row.getInt("ds_seconds"));
    return new DnsKey(
        row.getInt("tag"),
        Bytes.copyOf(row.getBytes("public_key")),
        Bytes.copyOf(keys.disclose(row(row.getInt("tag")), row.getBytes("private_key"))),
        row.getTimestamp("published_at").toInstant(),
        time(row, "signing_at"),
        time(row, "retiring_at"),
        gone.map(since -> new DnsKey.DsGone(since, kept)));
  }

  private static Optional<Instant> time(ResultSet row, String column) throws SQLException {
    return Optional.ofNullable(row.getTimestamp(column)).map(Timestamp::toInstant);
  }
}
