package dev.perigee.control.store;

/** The database cannot be reached or failed; whether the change was committed is unknown. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
