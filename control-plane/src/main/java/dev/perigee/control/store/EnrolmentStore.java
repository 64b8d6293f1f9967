package dev.perigee.control.store;

import java.sql.Timestamp;
import java.time.Instant;

/** Join tokens and the serial numbers of the certificates they were traded for. */
public final class EnrolmentStore {
  /** One is due in weeks; more are those whose answers were lost, or somebody else's. */
  static final int MOST_A_DAY = 48;

  private final Database database;

  public EnrolmentStore(Database database) {
    this.database = database;
  }

  /** Keeps a token's hash, and forgets expired ones; false when the node is not provisioned. */
  public boolean keepToken(String node, String secretSha256, Instant now, Instant expiresAt) {
    return database.inTransaction(
        handle -> {
          handle.execute("DELETE FROM join_token WHERE expires_at <= ?", Timestamp.from(now));
          return handle.execute(
                  "INSERT INTO join_token (secret_sha256, node, expires_at)"
                      + " SELECT ?, name, ? FROM node WHERE name = ?",
                  secretSha256,
                  Timestamp.from(expiresAt),
                  node)
              == 1;
        });
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
          if (used == 1) {
            AuthorityStore.revoke(handle, node);
          }
          boolean enrolled =
              used == 1
                  && handle.execute(
                          "UPDATE node SET serial = ?, next_serial = NULL, trusts = NULL,"
                              + " issuer = NULL WHERE name = ?",
                          serial,
                          node)
                      == 1;
          if (enrolled) {
            AuthorityStore.issued(handle, node, serial);
          }
          return enrolled;
        });
  }

  /** What came of a renewal. */
  public enum Renewal {
    /** The new serial is noted. */
    NOTED,
    /** The old one is not good any more. */
    NOT_CURRENT,
    /** The node has had too many lately. */
    TOO_OFTEN
  }

  /**
   * Notes a further serial of an enrolled node: the answer may be lost, so the old one stays good
   * until the new one is used.
   */
  public Renewal renew(String node, String oldSerial, String newSerial) {
    return database.inTransaction(
        handle -> {
          int rows =
              handle.execute(
                  "UPDATE node SET serial = ?, next_serial = ?"
                      + " WHERE name = ? AND ? IN (serial, next_serial)",
                  oldSerial,
                  newSerial,
                  node,
                  oldSerial);
          if (rows == 0) {
            return Renewal.NOT_CURRENT;
          }
          int lately =
              handle
                  .createQuery(
                      "SELECT count(*) FROM issued_certificate"
                          + " WHERE node = ? AND issued_at > now() - interval '1 day'")
                  .bind(0, node)
                  .mapTo(Integer.class)
                  .one();
          if (lately >= MOST_A_DAY) {
            handle.rollback();
            return Renewal.TOO_OFTEN;
          }
          AuthorityStore.issued(handle, node, newSerial);
          return Renewal.NOTED;
        });
  }
}
