/**
 * Metrics and access log, read from a request's record at its end. Fed by the pipeline; never takes
 * part in answering.
 */
@NullMarked
package dev.perigee.edge.telemetry;

import org.jspecify.annotations.NullMarked;
