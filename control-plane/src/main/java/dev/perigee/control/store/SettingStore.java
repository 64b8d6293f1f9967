package dev.perigee.control.store;

import java.util.Optional;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;

/** Small secrets and facts that all control planes on one database share. */
public final class SettingStore {
  private final Database database;

  public SettingStore(Database database) {
    this.database = database;
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
              value);
          return find(handle, name).orElseThrow();
        });
  }

  public Optional<byte[]> get(String name) {
    return database.read(handle -> find(handle, name));
  }

  public void put(String name, byte[] value) {
    database.inTransaction(
        handle ->
            handle.execute(
                "INSERT INTO setting (name, value) VALUES (?, ?)"
                    + " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                name,
                value));
  }

  private static Optional<byte[]> find(Handle handle, String name) {
    return handle
        .createQuery("SELECT value FROM setting WHERE name = ?")
        .bind(0, name)
        .map((row, context) -> row.getBytes(1))
        .findOne();
  }
}
