package dev.perigee.control.api;

import java.net.InetAddress;

/**
 * Where the API listens.
 *
 * @param port 0 picks a free one
 */
public record ApiConfig(InetAddress address, int port) {}
