package dev.perigee.local;

/** Why the network on this machine cannot run, in one sentence for the person who started it. */
public final class LocalException extends Exception {
  private static final long serialVersionUID = 1;

  public LocalException(String message) {
    super(message);
  }

  public LocalException(String message, Throwable cause) {
    super(message, cause);
  }
}
