/**
 * The REST API: JSON in and out, a problem (RFC 9457) on every error, bearer tokens. Called by the
 * command line, the console and whoever automates; decides nothing itself and asks the stores.
 */
@NullMarked
package dev.perigee.control.api;

import org.jspecify.annotations.NullMarked;
