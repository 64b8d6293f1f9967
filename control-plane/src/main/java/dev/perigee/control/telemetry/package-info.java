/**
 * The figures of a control plane, for whoever scrapes them. The composition root says what there
 * is; nothing here is called where readers or nodes wait.
 */
@NullMarked
package dev.perigee.control.telemetry;

import org.jspecify.annotations.NullMarked;
