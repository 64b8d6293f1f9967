/**
 * Certificates that are got of a certificate authority by ACME (RFC 8555): when one is due, its
 * order, what proves the hosts to the authority. Run by the composition root; it never speaks to
 * nodes, who are brought tokens and certificates as any change is.
 */
@NullMarked
package dev.perigee.control.acme;

import org.jspecify.annotations.NullMarked;
