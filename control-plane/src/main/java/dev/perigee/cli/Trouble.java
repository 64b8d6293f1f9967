package dev.perigee.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** What stands between the client and its answer, in a sentence that says what to do next. */
final class Trouble {
  private static final String WHERE =
      " (--api, --profile or PERIGEE_API name another; perigee doctor looks closer)";

  private Trouble() {}

  /** A connection that came to nothing. */
  static Failure of(IOException problem, Target target) {
    URI base = target.base();
    return new Failure(Failure.UNREACHABLE, sentence(problem, target, base));
  }

  private static String sentence(IOException problem, Target target, URI base) {
    return switch (problem) {
      case UnknownHostException e ->
          "no address is known of %s, from %s: is it spelled right, does DNS work?"
              .formatted(base.getHost(), target.apiFrom());
      case SSLException e -> tls(e, base);
      case SocketTimeoutException e ->
          "no answer in time from %s: it may be busy, or a firewall drops what goes there%s"
              .formatted(base, WHERE);
      case ConnectException e -> notThere(target);
      case NoRouteToHostException e -> notThere(target);
      default ->
          "no control plane answers at %s, the connection ended (%s): %s%s"
              .formatted(
                  base,
                  problem.getMessage(),
                  base.getScheme().equals("http")
                      ? "if it speaks TLS the URL begins with https://"
                      : "is a control plane there?",
                  WHERE);
    };
  }

  private static String notThere(Target target) {
    String start =
        target.base().toString().startsWith(Target.LOCAL)
            ? "start one with perigee up, or perigee control"
            : "is it up, is the port right, does a firewall let you through?";
    return "no control plane answers at %s, from %s: %s%s"
        .formatted(target.base(), target.apiFrom(), start, WHERE);
  }

  private static String tls(SSLException problem, URI base) {
    Optional<CertificateException> cause = certificate(problem);
    String message = String.valueOf(problem.getMessage());
    if (caused(problem, CertificateExpiredException.class)) {
      return "the certificate of %s has expired: put a newer one where --api-certificate points"
          .formatted(base);
    }
    if (caused(problem, CertificateNotYetValidException.class)) {
      return "the certificate of %s is not valid yet: is this machine's clock right?"
          .formatted(base);
    }
    if (cause.isPresent() && isName(String.valueOf(cause.get().getMessage()))) {
      return "the certificate of %s is of another name (%s): give --api a name that is in it"
          .formatted(base, cause.get().getMessage());
    }
    if (cause.isPresent()) {
      return "the certificate of %s is of no authority that is trusted: give the file of its"
              .formatted(base)
          + " authority with --ca-file or PERIGEE_CA_FILE";
    }
    if (message.toLowerCase(Locale.ROOT).contains("unrecognized ssl message")) {
      return "%s speaks no TLS: its URL begins with http://".formatted(base);
    }
    return "no TLS connection with %s: %s".formatted(base, message);
  }

  private static boolean isName(String message) {
    return message.startsWith("No subject alternative")
        || message.startsWith("No name matching")
        || message.startsWith("Illegal given domain");
  }

  private static Optional<CertificateException> certificate(Throwable problem) {
    for (Throwable at = problem; at != null; at = at.getCause()) {
      if (at instanceof CertificateException found) {
        return Optional.of(found);
      }
    }
    return Optional.empty();
  }

  private static boolean caused(Throwable problem, Class<? extends Throwable> by) {
    for (Throwable at = problem; at != null; at = at.getCause()) {
      if (by.isInstance(at)) {
        return true;
      }
    }
    return false;
  }

  /**
   * What to do about an answer, or nothing where its own words say that.
   *
   * @param after as the answer had it in Retry-After
   */
  static String next(int status, Optional<String> after, Target target) {
    return switch (status) {
      case 401 ->
          "\nthe token came from %s: is it of this control plane, %s, and neither revoked nor"
                  .formatted(target.tokenFrom(), target.base())
              + " expired? perigee token self says whose a token is";
      case 403 ->
          "\nthe token from %s may not do this: perigee token self says what it may; ask whoever"
                  .formatted(target.tokenFrom())
              + " has one with a greater role";
      case 412 -> "\nsomebody changed it meanwhile: look at it again, then repeat the command";
      case 429 -> "\ntry again " + after.map(s -> "in " + s + " s").orElse("a little later");
      case 503 -> "\ntry again in a moment; perigee doctor says how the control plane is";
      default -> "";
    };
  }
}
