/** What a site admits and under which key. Called by the pipeline; pure. */
@NullMarked
package dev.perigee.edge.policy;

import org.jspecify.annotations.NullMarked;
