package dev.perigee.edge.config;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the control plane listens for edges.
 *
 * @param host a name or an IP literal, without brackets
 */
public record ControlAddress(String host, int port) {
  private static final Pattern FORM =
      Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)\\]|([A-Za-z0-9._-]+)):([0-9]{1,5})");
  private static final Pattern IP = Pattern.compile("[0-9.]+|.*:.*");

  /** Reads {@code host:port} or {@code [address]:port}. */
  public static Optional<ControlAddress> parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    int port = Integer.parseInt(matcher.group(3));
    return port > 0 && port < 65_536
        ? Optional.of(new ControlAddress(host, port))
        : Optional.empty();
  }

  /** Whether the host is an address and not a name. */
  public boolean isIp() {
    return IP.matcher(host).matches();
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
