package dev.perigee.edge.store;

import java.util.concurrent.ScheduledExecutorService;

/**
 * What the store works with.
 *
 * @param disks opens a shard's files
 * @param threads on which alone files are touched
 * @param sweeps the one thread that clears away what purges cover
 */
record StoreParts(Disk.Opener disks, StoreThreads threads, ScheduledExecutorService sweeps) {
  /** Files as they are, and threads of the platform. */
  static StoreParts usual() {
    return with(Disk::open);
  }

  /** Files that are opened in another way. */
  static StoreParts with(Disk.Opener disks) {
    return new StoreParts(disks, StoreThreads.ofPlatform(), PurgeSweeper.thread());
  }
}
