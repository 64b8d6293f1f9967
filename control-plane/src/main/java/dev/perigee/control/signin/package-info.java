/**
 * Signing in at the console by way of an OpenID provider. Called by {@code api} for the two pages
 * of it; never decides what a role may.
 */
@NullMarked
package dev.perigee.control.signin;

import org.jspecify.annotations.NullMarked;
