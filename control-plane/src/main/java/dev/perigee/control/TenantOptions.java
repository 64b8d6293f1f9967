package dev.perigee.control;

import dev.perigee.control.pki.GuessLimits;
import dev.perigee.control.store.AuditLog;
import java.io.IOException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Settings of what organisations may do. */
final class TenantOptions {
  private static final Pattern RESOLVER =
      Pattern.compile("([0-9.]{7,15}|\\[[0-9A-Fa-f:.]{2,45}\\])(?::([0-9]{1,5}))?");

  @Option(
      names = "--host-proof-resolver",
      defaultValue = "",
      description = {
        "IP[:PORT] of the DNS resolver that is asked whether a host is an organisation's;",
        "those of the system by default"
      })
  String hostProofResolver = "";

  @Option(
      names = "--token-guesses",
      defaultValue = "10",
      description = "wrong tokens that may come from one address at once; ${DEFAULT-VALUE}")
  int tokenGuesses;

  @Option(
      names = "--token-guess-seconds",
      defaultValue = "6",
      description = "after which there may be one more; ${DEFAULT-VALUE}. Others are not slowed")
  int tokenGuessSeconds;

  @Option(
      names = "--audit-keep-days",
      defaultValue = "0",
      description = "days of the audit log, at least 30; ${DEFAULT-VALUE}: it is kept for ever")
  int auditKeepDays;

  /** How many wrong tokens there may be. */
  GuessLimits guesses() throws IOException {
    try {
      return new GuessLimits(
          tokenGuesses, Duration.ofSeconds(tokenGuessSeconds), GuessLimits.ADDRESSES);
    } catch (IllegalArgumentException e) {
      throw new IOException("--token-guesses and --token-guess-seconds are at least 1", e);
    }
  }

  int auditDays() throws IOException {
    if (auditKeepDays != 0 && auditKeepDays < AuditLog.LEAST_DAYS) {
      throw new IOException("--audit-keep-days is 0 or at least " + AuditLog.LEAST_DAYS);
    }
    return auditKeepDays;
  }

  /** As the JDK's DNS client wants it. */
  String resolver() throws IOException {
    if (hostProofResolver.isEmpty()) {
      return "dns:";
    }
    Matcher matcher = RESOLVER.matcher(hostProofResolver);
    if (!matcher.matches()) {
      throw new IOException(
          "--host-proof-resolver must be IP or IP:PORT, IPv6 in brackets: " + hostProofResolver);
    }
    String port = matcher.group(2) == null ? "53" : matcher.group(2);
    return "dns://" + matcher.group(1) + ":" + port;
  }

  /** What is in force. */
  String effective() {
    return "host-proof-resolver=%s token-guesses=%d token-guess-seconds=%d audit-keep-days=%d"
        .formatted(
            hostProofResolver.isEmpty() ? "system" : hostProofResolver,
            tokenGuesses,
            tokenGuessSeconds,
            auditKeepDays);
  }
}
