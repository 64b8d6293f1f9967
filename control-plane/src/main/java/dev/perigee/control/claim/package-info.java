/**
 * Looks whether somebody controls a host: for a token in the DNS or at the host itself. Called by
 * the API; decides nothing about who has which host.
 */
@NullMarked
package dev.perigee.control.claim;

import org.jspecify.annotations.NullMarked;
