package dev.perigee.edge.listener;

import java.time.Duration;
import java.util.List;

/**
 * Where the node listens and what it lets in.
 *
 * @param addresses to bind, each with both ports
 * @param httpPort 0 picks a free one
 * @param httpsPort 0 picks a free one
 * @param ioThreads 0 for one per core
 * @param maxHeaderBytes of one request
 * @param maxHeaders fields of one request
 * @param headTimeout from the first byte of a request to the end of its head
 * @param idleTimeout between requests, and between two parts of a body
 * @param maxConnections of one listener; further ones wait to be accepted
 * @param maxRequests being answered at once
 * @param clients whose word is taken for the client's address
 * @param door what one client may take of the node
 */
public record ListenerConfig(
    List<String> addresses,
    int httpPort,
    int httpsPort,
    int ioThreads,
    int maxHeaderBytes,
    int maxHeaders,
    Duration headTimeout,
    Duration idleTimeout,
    int maxConnections,
    int maxRequests,
    ClientPolicy clients,
    DoorLimits door) {
  /** Copies the collection. */
  public ListenerConfig {
    addresses = List.copyOf(addresses);
  }

  /** With the usual limits of one client. */
  public ListenerConfig(
      List<String> addresses,
      int httpPort,
      int httpsPort,
      int ioThreads,
      int maxHeaderBytes,
      int maxHeaders,
      Duration headTimeout,
      Duration idleTimeout,
      int maxConnections,
      int maxRequests,
      ClientPolicy clients) {
    this(
        addresses,
        httpPort,
        httpsPort,
        ioThreads,
        maxHeaderBytes,
        maxHeaders,
        headTimeout,
        idleTimeout,
        maxConnections,
        maxRequests,
        clients,
        DoorLimits.DEFAULT);
  }

  public static ListenerConfig of(List<String> addresses, int httpPort, int httpsPort) {
    return new ListenerConfig(
        addresses,
        httpPort,
        httpsPort,
        0,
        32 * 1024,
        100,
        Duration.ofSeconds(10),
        Duration.ofSeconds(60),
        100_000,
        100_000,
        ClientPolicy.DIRECT);
  }

  /** The same behind proxies. */
  public ListenerConfig behind(ClientPolicy other) {
    return new ListenerConfig(
        addresses,
        httpPort,
        httpsPort,
        ioThreads,
        maxHeaderBytes,
        maxHeaders,
        headTimeout,
        idleTimeout,
        maxConnections,
        maxRequests,
        other,
        door);
  }

  /** The same with other limits of one client. */
  public ListenerConfig with(DoorLimits other) {
    return new ListenerConfig(
        addresses,
        httpPort,
        httpsPort,
        ioThreads,
        maxHeaderBytes,
        maxHeaders,
        headTimeout,
        idleTimeout,
        maxConnections,
        maxRequests,
        clients,
        other);
  }
}
