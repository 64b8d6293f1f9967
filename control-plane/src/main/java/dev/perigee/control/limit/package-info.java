/**
 * Divides limits that all nodes share, by what the nodes want of them. Told by the streams and by
 * other control planes; keeps everything in memory and asks nobody.
 */
@NullMarked
package dev.perigee.control.limit;

import org.jspecify.annotations.NullMarked;
