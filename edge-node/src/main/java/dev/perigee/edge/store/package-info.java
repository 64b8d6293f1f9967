/**
 * Keeps responses in Chronicle maps on disk, bounded and safe to kill: blocks, index, eviction,
 * purge journal, recovery. Behind the cache's port; never decides what may be stored or served.
 */
@NullMarked
package dev.perigee.edge.store;

import org.jspecify.annotations.NullMarked;
