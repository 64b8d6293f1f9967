package dev.perigee.control.api;

import dev.perigee.control.pki.ApiTokens;
import dev.perigee.control.pki.Caller;
import java.util.List;
import java.util.Optional;

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
   * @param header the request's field Authorization; empty where it has none
   */
  Verdict of(String header, Access access) {
    Optional<Caller> caller =
        header.startsWith(BEARER)
            ? tokens.caller(header.substring(BEARER.length()).strip())
            : Optional.empty();
    if (caller.isEmpty()) {
      // The same for a token that is missing, wrong, expired or revoked.
      String detail =
          "Send Authorization: Bearer with a token that is good; one that expired or was revoked"
              + " is not (perigee token add makes another).";
      return new Verdict.Unknown(new Reply.Refused(401, "Unauthorized", detail, List.of()));
    }
    return access
        .refuses(caller.get())
        .<Verdict>map(
            why ->
                new Verdict.Forbidden(
                    caller.get(), new Reply.Refused(403, "Forbidden", why, List.of())))
        .orElseGet(() -> new Verdict.Admitted(caller.get()));
  }
}
