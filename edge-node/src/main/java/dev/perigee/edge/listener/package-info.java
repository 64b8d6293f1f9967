/**
 * Undertow's listeners: lets requests in, guards the protocol, writes responses out. Calls the
 * pipeline; never looks at a site.
 */
@NullMarked
package dev.perigee.edge.listener;

import org.jspecify.annotations.NullMarked;
