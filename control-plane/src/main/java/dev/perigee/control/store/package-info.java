/**
 * What the control plane knows, kept in PostgreSQL: sites, nodes, certificates, purges and the log
 * of their changes, each change and its log row in one transaction. Called by the API, the change
 * log and enrolment; never answers HTTP, never talks to an edge.
 */
@NullMarked
package dev.perigee.control.store;

import org.jspecify.annotations.NullMarked;
