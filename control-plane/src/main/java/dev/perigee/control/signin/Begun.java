package dev.perigee.control.signin;

import java.net.URI;

/**
 * A sign-in that was begun.
 *
 * @param provider where the browser goes
 * @param cookie what it keeps until it comes back
 */
public record Begun(URI provider, String cookie) {}
