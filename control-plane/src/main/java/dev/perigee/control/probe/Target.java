package dev.perigee.control.probe;

import dev.perigee.control.store.Node;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Where a node is probed: its first IPv4 address, or its first one, at its port for http.
 *
 * @param node its name
 */
public record Target(String node, InetSocketAddress address) {
  /** Where this node is probed. */
  public static Target of(Node node) {
    InetAddress address =
        node.addresses().stream()
            .filter(Inet4Address.class::isInstance)
            .findFirst()
            .orElseGet(() -> node.addresses().getFirst());
    return new Target(node.name(), new InetSocketAddress(address, node.httpPort()));
  }
}
