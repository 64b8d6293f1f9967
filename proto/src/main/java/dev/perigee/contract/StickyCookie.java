package dev.perigee.contract;

/**
 * The cookie by which a reader stays at a server.
 *
 * @param name of the cookie
 * @param maxAgeSeconds how long the reader keeps it; 0 for as long as the browser runs
 * @param secret of the site, by which nodes make values that say nothing of a server's address
 */
public record StickyCookie(String name, long maxAgeSeconds, Bytes secret) {}
