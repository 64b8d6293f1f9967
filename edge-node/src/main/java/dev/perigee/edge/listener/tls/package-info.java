/**
 * TLS of the readers' side: certificates by the name that the client asks for, swapped without a
 * restart, and the engine that Undertow's HTTPS listener runs on. Fed by the configuration; never
 * looks at a request.
 */
@NullMarked
package dev.perigee.edge.listener.tls;

import org.jspecify.annotations.NullMarked;
