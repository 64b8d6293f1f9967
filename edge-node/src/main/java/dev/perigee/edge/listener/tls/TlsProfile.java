package dev.perigee.edge.listener.tls;

/**
 * Which versions of TLS readers are taken with, named as in Mozilla's guide. The suites are the
 * same: AEAD with forward secrecy alone.
 */
public enum TlsProfile {
  MODERN("TLS 1.3 only."),
  INTERMEDIATE("TLS 1.3 and 1.2.");

  private final String sentence;

  TlsProfile(String sentence) {
    this.sentence = sentence;
  }

  public String sentence() {
    return sentence;
  }

  /** As both engines name them. */
  String[] protocols() {
    return switch (this) {
      case MODERN -> new String[] {"TLSv1.3"};
      case INTERMEDIATE -> new String[] {"TLSv1.3", "TLSv1.2"};
    };
  }
}
