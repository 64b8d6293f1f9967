/**
 * The immutable map that configuration is kept in and looked up by. Read by every stage that has a
 * table of sites, hosts or certificates; knows nothing of what it holds. And the hash of what
 * strangers choose.
 */
@NullMarked
package dev.perigee.edge.table;

import org.jspecify.annotations.NullMarked;
