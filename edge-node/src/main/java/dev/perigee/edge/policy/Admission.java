package dev.perigee.edge.policy;

import dev.perigee.edge.request.CacheKey;

/** Whether a request may go on, and under which key. */
public sealed interface Admission {
  record Allowed(CacheKey key) implements Admission {}

  /** It is for this node itself: its way ends here. */
  record Here() implements Admission {}

  record Denied(DenyReason reason) implements Admission {}

  /** Why a request may not go on. */
  enum DenyReason {
    CONNECT(405, "This is no tunnel."),
    TRACE(405, "TRACE is not passed on."),
    METHOD(501, "The method is not known here."),
    LOOP(508, "The request has been through this network before."),
    CERTIFICATE(403, "The site answers over https, to who has a certificate for it."),
    OTHER_SITE(421, "The site asks for a certificate, on a connection of its own."),
    OTHER_TERMS(421, "The certificate has to be shown again, on a new connection.");

    private final int status;
    private final String sentence;

    DenyReason(int status, String sentence) {
      this.status = status;
      this.sentence = sentence;
    }

    public int status() {
      return status;
    }

    public String sentence() {
      return sentence;
    }
  }
}
