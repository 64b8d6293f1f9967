/**
 * The edge CA, join tokens, enrolment and operator tokens. Called by the API and by the sync
 * stream's server; never answers anybody itself.
 */
@NullMarked
package dev.perigee.control.pki;

import org.jspecify.annotations.NullMarked;
