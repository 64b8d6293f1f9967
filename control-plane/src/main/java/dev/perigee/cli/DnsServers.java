package dev.perigee.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Servers of the DNS as somebody names them: in an option, or in the system's own file. */
final class DnsServers {
  private static final Path SYSTEM = Path.of("/etc/resolv.conf");
  private static final int DNS_PORT = 53;
  private static final Pattern HOST_PORT =
      Pattern.compile(
          "(?:\\[([0-9A-Fa-f:.]+)\\]|([^:\\[\\]]+)|([0-9A-Fa-f:.]+))(?::([0-9]{1,5}))?");

  private DnsServers() {}

  static boolean isPort(int number) {
    return number >= 1 && number <= 65_535;
  }

  /** The server that HOST or HOST:PORT names. */
  static InetSocketAddress server(String text) {
    Matcher matcher = HOST_PORT.matcher(text);
    if (!matcher.matches()) {
      throw new Failure(Failure.USAGE, "no HOST or HOST:PORT: " + text);
    }
    String host = text;
    for (int group = 1; group <= 3; group++) {
      host = matcher.group(group) == null ? host : matcher.group(group);
    }
    int at = matcher.group(4) == null ? DNS_PORT : Integer.parseInt(matcher.group(4));
    if (!isPort(at)) {
      throw new Failure(Failure.USAGE, "no port: " + text);
    }
    return new InetSocketAddress(address(host), at);
  }

  static InetAddress address(String host) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new Failure(Failure.USAGE, "no address, and no name of one: " + host);
    }
  }

  /** The first resolver of the system; empty where there is none. */
  static Optional<InetSocketAddress> system() {
    try {
      return Files.readAllLines(SYSTEM).stream()
          .map(line -> line.strip().split("\\s+", -1))
          .filter(words -> words.length > 1 && words[0].equals("nameserver"))
          .findFirst()
          .map(words -> new InetSocketAddress(address(words[1]), DNS_PORT));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
