/**
 * The web console's files. Served by the API as they are; the page itself talks to the API only.
 */
@NullMarked
package dev.perigee.control.console;

import org.jspecify.annotations.NullMarked;
