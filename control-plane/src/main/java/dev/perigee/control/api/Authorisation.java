package dev.perigee.control.api;

import dev.perigee.control.pki.ApiTokens;
import dev.perigee.control.pki.Caller;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/** The one place that decides whether a call is let in: by its token and its route's word. */
final class Authorisation {
  private static final String BEARER = "Bearer ";

  private final ApiTokens tokens;

  Authorisation(ApiTokens tokens) {
    this.tokens = tokens;
  }

  /** The answer to whoever calls. */
  sealed interface Verdict {
    /** The call may go on. */
    record Admitted(Caller caller) implements Verdict {}

    /** Nobody knows who calls: RFC 9110, section 15.5.2. */
    record Unknown(Reply reply) implements Verdict {}

    /** The caller may not: known, but of another role. */
    record Forbidden(Caller caller, Reply reply) implements Verdict {}
  }

  /**
   * Decides.
   *
   * @param from the address of whoever calls
   * @param header the request's field Authorization; empty where it has none
   */
  Verdict of(InetAddress from, String header, Access access) {
    String secret = header.startsWith(BEARER) ? header.substring(BEARER.length()).strip() : "";
    return switch (tokens.look(from, secret)) {
      case ApiTokens.Sent.Known(Caller caller) -> of(caller, access);
      case ApiTokens.Sent.Unknown() -> {
        // The same for a token that is missing, wrong, expired or revoked.
        String detail =
            "Send Authorization: Bearer with a token that is good; one that expired or was revoked"
                + " is not (perigee token add makes another).";
        yield new Verdict.Unknown(new Reply.Refused(401, "Unauthorized", detail, List.of()));
      }
      case ApiTokens.Sent.Later(Duration retryAfter) -> {
        long seconds = Math.max(1, retryAfter.plusMillis(999).toSeconds());
        String detail =
            "Too many wrong tokens came from this address; again in %d s.".formatted(seconds);
        yield new Verdict.Unknown(new Reply.Later(detail, seconds));
      }
    };
  }

  private static Verdict of(Caller caller, Access access) {
    return access
        .refuses(caller)
        .<Verdict>map(
            why ->
                new Verdict.Forbidden(caller, new Reply.Refused(403, "Forbidden", why, List.of())))
        .orElseGet(() -> new Verdict.Admitted(caller));
  }
}
