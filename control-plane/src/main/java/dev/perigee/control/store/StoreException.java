package dev.perigee.control.store;

import java.sql.SQLException;

/** The database cannot be reached or failed. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** PostgreSQL's {@code disk_full}; it gives up the transaction of whoever is told so. */
  private static final String DISK_FULL = "53100";

  private final Reason reason;

  /** What is known of the change that was to be made. */
  public enum Reason {
    /** Whether it was committed is unknown. */
    UNANSWERED("The database does not answer; whether anything changed is not known."),
    /** It was not: there is no room for it. */
    FULL(
        "The database's disk is full, so nothing was changed:"
            + " free space where PostgreSQL keeps its data, then send this again.");

    private final String sentence;

    Reason(String sentence) {
      this.sentence = sentence;
    }

    /** What to tell whoever asked. */
    public String sentence() {
      return sentence;
    }
  }

  /** One that says nothing of what changed. */
  public StoreException(String message, Throwable cause) {
    this(Reason.UNANSWERED, message, cause);
  }

  private StoreException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** With the reason that its causes give. */
  static StoreException of(Throwable cause) {
    String said = String.valueOf(cause.getMessage());
    for (Throwable at = cause; at != null; at = at.getCause()) {
      if (at instanceof SQLException answer) {
        said = String.valueOf(answer.getMessage());
        if (DISK_FULL.equals(answer.getSQLState())) {
          return new StoreException(Reason.FULL, said, cause);
        }
      }
    }
    return new StoreException(Reason.UNANSWERED, said, cause);
  }

  public Reason reason() {
    return reason;
  }
}
