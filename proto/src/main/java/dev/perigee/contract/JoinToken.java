package dev.perigee.contract;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an operator hands to a new node: its name, a single-use secret, and the fingerprint by which
 * the node knows the control plane's CA before it trusts anything. Written as {@code
 * pj1.<node>.<secret>.<fingerprint>}.
 *
 * @param node the node's name
 * @param secret 256 random bits, base64url without padding; single use
 * @param caFingerprint lower-case hexadecimal SHA-256 of the CA certificate's DER form
 */
public record JoinToken(String node, String secret, String caFingerprint) {
  private static final Pattern FORM =
      Pattern.compile("pj1\\.([a-z0-9-]{1,63})\\.([A-Za-z0-9_-]{43})\\.([0-9a-f]{64})");

  public static Optional<JoinToken> parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    return matcher.matches()
        ? Optional.of(new JoinToken(matcher.group(1), matcher.group(2), matcher.group(3)))
        : Optional.empty();
  }

  /** The whole token; a secret. */
  public String format() {
    return "pj1." + node + "." + secret + "." + caFingerprint;
  }

  @Override
  public String toString() {
    return "JoinToken[" + node + "]";
  }
}
