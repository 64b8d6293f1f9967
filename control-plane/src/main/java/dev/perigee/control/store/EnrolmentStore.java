package dev.perigee.control.store;

import java.sql.Timestamp;
import java.time.Instant;

/** Join tokens and the serial numbers of the certificates they were traded for. */
public final class EnrolmentStore {
  private final Database database;

  public EnrolmentStore(Database database) {
    this.database = database;
  }

  /** Keeps a token's hash; false when the node is not provisioned. */
  public boolean keepToken(String node, String secretSha256, Instant expiresAt) {
    return database.inTransaction(
        handle ->
            handle.execute(
                    "INSERT INTO join_token (secret_sha256, node, expires_at)"
                        + " SELECT ?, name, ? FROM node WHERE name = ?",
                    secretSha256,
                    Timestamp.from(expiresAt),
                    node)
                == 1);
  }

  /** Uses a token up and notes the serial; false when it is unknown, used, expired or not his. */
  public boolean enrol(String node, String secretSha256, Instant now, String serial) {
    return database.inTransaction(
        handle -> {
          int used =
              handle.execute(
                  "DELETE FROM join_token WHERE secret_sha256 = ? AND node = ? AND expires_at > ?",
                  secretSha256,
                  node,
                  Timestamp.from(now));
          return used == 1
              && handle.execute("UPDATE node SET serial = ? WHERE name = ?", serial, node) == 1;
        });
  }

  /** Replaces the serial of an enrolled node; false when it changed meanwhile. */
  public boolean renew(String node, String oldSerial, String newSerial) {
    return database.inTransaction(
        handle ->
            handle.execute(
                    "UPDATE node SET serial = ? WHERE name = ? AND serial = ?",
                    newSerial,
                    node,
                    oldSerial)
                == 1);
  }
}
