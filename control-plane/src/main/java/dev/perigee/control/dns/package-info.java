/**
 * Authoritative DNS for the steered names and, where switched on, the sites' own hosts. Asks
 * steering for addresses; never asks another server and never blocks on the database.
 */
@NullMarked
package dev.perigee.control.dns;

import org.jspecify.annotations.NullMarked;
