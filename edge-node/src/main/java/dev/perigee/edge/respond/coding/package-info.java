/**
 * Content codings: which one a response goes out in, and the bytes of it. Called by the pipeline
 * and by the answers; it never decides whether a stored response may be used, and never compresses
 * on an I/O thread.
 */
@NullMarked
package dev.perigee.edge.respond.coding;

import org.jspecify.annotations.NullMarked;
