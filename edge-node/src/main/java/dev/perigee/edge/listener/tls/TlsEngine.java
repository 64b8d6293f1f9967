package dev.perigee.edge.listener.tls;

/** Which TLS implementation the HTTPS listeners run on. */
public enum TlsEngine {
  AUTO("BoringSSL where its native library loads, else the JDK's."),
  BORINGSSL("BoringSSL; the node does not start where it does not load."),
  JDK("The JDK's own.");

  private final String sentence;

  TlsEngine(String sentence) {
    this.sentence = sentence;
  }

  public String sentence() {
    return sentence;
  }
}
