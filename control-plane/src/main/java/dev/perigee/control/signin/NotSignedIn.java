package dev.perigee.control.signin;

/** Why somebody is not signed in. */
public enum NotSignedIn {
  STRANGER(
      403, "The provider knows you, but nobody said what you may do here: ask an operator for it."),
  REFUSED(403, "The provider did not sign you in."),
  EXPIRED(
      400, "This sign-in was begun in another browser, or more than ten minutes ago: begin again."),
  UNSOUND(502, "The provider's answer does not prove who you are; the log says what it lacks."),
  SILENT(502, "The provider does not answer as it should; the log says what happened."),
  BUSY(503, "As many people are signing in as may at a time: try again in a moment.");

  private final int status;
  private final String sentence;

  NotSignedIn(int status, String sentence) {
    this.status = status;
    this.sentence = sentence;
  }

  /** Of the answer: RFC 9110, section 15. */
  public int status() {
    return status;
  }

  public String sentence() {
    return sentence;
  }

  /** That, on its way out of a look-up. */
  static final class Failure extends Exception {
    private static final long serialVersionUID = 1L;
    private final NotSignedIn why;

    Failure(NotSignedIn why, String detail) {
      super(detail);
      this.why = why;
    }

    Failure(NotSignedIn why, String detail, Throwable cause) {
      super(detail, cause);
      this.why = why;
    }

    NotSignedIn why() {
      return why;
    }
  }
}
