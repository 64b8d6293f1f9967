package dev.perigee.contract;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The rules that a node must keep to be known to the others. */
public final class PeerValidator {
  private static final int MAX_PORT = 65_535;
  private static final Pattern FOUR_NUMBERS = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

  private PeerValidator() {}

  /** Everything wrong with it; empty when it may be asked. */
  public static List<Problem> problems(PeerConfig peer) {
    List<Problem> problems = new ArrayList<>();
    if (!SiteValidator.isLabel(peer.name())) {
      problems.add(new Problem("name", "is no node's name: " + peer.name()));
    }
    if (!SiteValidator.isLabel(peer.region())) {
      problems.add(new Problem("region", "is no region's name: " + peer.region()));
    }
    if (peer.addresses().isEmpty() || peer.addresses().size() > Limits.NODE_ADDRESSES) {
      problems.add(new Problem("addresses", "must be 1 to " + Limits.NODE_ADDRESSES));
    }
    for (String address : peer.addresses()) {
      if (!isAddress(address)) {
        problems.add(new Problem("addresses", "is no IP address: " + address));
      }
    }
    if (peer.peerPort() < 0 || peer.peerPort() > MAX_PORT) {
      problems.add(new Problem("peerPort", "must be 0 to " + MAX_PORT));
    }
    return problems;
  }

  /** Four numbers or an IPv6 address; not the short forms that Java reads as well. */
  private static boolean isAddress(String text) {
    if (text.indexOf(':') < 0 && !FOUR_NUMBERS.matcher(text).matches()) {
      return false;
    }
    try {
      return InetAddress.ofLiteral(text).getHostAddress().length() > 0;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
