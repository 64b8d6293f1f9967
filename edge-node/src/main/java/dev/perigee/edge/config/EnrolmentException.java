package dev.perigee.edge.config;

/** The node has no identity and gets none; the message is one sentence for the operator. */
public final class EnrolmentException extends Exception {
  private static final long serialVersionUID = 1;

  public EnrolmentException(String sentence) {
    super(sentence);
  }
}
