package dev.perigee.edge.config;

/**
 * How busy and well the node is, as heartbeats tell it.
 *
 * @param load 0 idle to 1 full
 * @param detail why it is not healthy; empty when it is
 */
public record NodeLoad(
    double requestsPerSecond, long openConnections, double load, boolean healthy, String detail) {}
