/**
 * TLS of the ports at which the API, the console and steering are reached: which certificate they
 * show, and which protocols they speak. The composition root makes it for {@code api} and {@code
 * steer}; certificates of sites and of edges are no matter of it.
 */
@NullMarked
package dev.perigee.control.tls;

import org.jspecify.annotations.NullMarked;
