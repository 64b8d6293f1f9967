package dev.perigee.contract;

/**
 * The cookie by which a reader stays at a server.
 *
 * @param name of the cookie
 * @param maxAgeSeconds how long the reader keeps it; 0 for as long as the browser runs
 */
public record StickyCookie(String name, long maxAgeSeconds) {}
