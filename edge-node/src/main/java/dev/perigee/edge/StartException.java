package dev.perigee.edge;

/** The node does not start; the message is one line for the operator. */
final class StartException extends Exception {
  private static final long serialVersionUID = 1;

  StartException(String line) {
    super(line);
  }
}
