package dev.perigee.control;

import java.io.IOException;
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
    return "host-proof-resolver=" + (hostProofResolver.isEmpty() ? "system" : hostProofResolver);
  }
}
