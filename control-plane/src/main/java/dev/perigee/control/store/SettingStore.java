package dev.perigee.control.store;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;

/** Small secrets and facts that all control planes on one database share. */
public final class SettingStore {
  private final Database database;
  private final KeyRing keys;

  /** Settings that are not sealed. */
  public SettingStore(Database database) {
    this(database, KeyRing.none());
  }

  /** Settings that are sealed with the first of these keys. */
  public SettingStore(Database database, KeyRing keys) {
    this.database = database;
    this.keys = keys;
  }

  /** What a setting is sealed as. */
  static String row(String name) {
    return "setting " + name;
  }

  /** The value, made and kept where there is none; whoever comes second gets the first's. */
  public byte[] getOrMake(String name, Supplier<byte[]> made) {
    Optional<byte[]> known = get(name);
    if (known.isPresent()) {
      return known.get();
    }
    byte[] value = made.get();
    return database.inTransaction(
        handle -> {
          handle.execute(
              "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
              name,
              keys.enclose(row(name), value));
          return find(handle, name).orElseThrow();
        });
  }

  public Optional<byte[]> get(String name) {
    return database.read(handle -> find(handle, name));
  }

  public void put(String name, byte[] value) {
    database.inTransaction(handle -> put(handle, name, value));
  }

  int put(Handle handle, String name, byte[] value) {
    return handle.execute(
        "INSERT INTO setting (name, value) VALUES (?, ?)"
            + " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name,
        keys.enclose(row(name), value));
  }

  /** Those of some settings that there are, as of one moment. */
  Map<String, byte[]> find(Handle handle, List<String> names) {
    Map<String, byte[]> found = new HashMap<>();
    handle
        .createQuery("SELECT name, value FROM setting WHERE name = ANY (?)")
        .bind(0, names.toArray(String[]::new))
        .map((row, context) -> Map.entry(row.getString(1), row.getBytes(2)))
        .list()
        .forEach(one -> found.put(one.getKey(), keys.disclose(row(one.getKey()), one.getValue())));
    return found;
  }

  private Optional<byte[]> find(Handle handle, String name) {
    return handle
        .createQuery("SELECT value FROM setting WHERE name = ?")
        .bind(0, name)
        .map((row, context) -> keys.disclose(row(name), row.getBytes(1)))
        .findOne();
  }
}
