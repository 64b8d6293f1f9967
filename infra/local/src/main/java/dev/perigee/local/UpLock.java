package dev.perigee.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** The claim on a state folder: one network at a time; the system frees it when we die. */
final class UpLock implements AutoCloseable {
  private final FileChannel channel;

  private UpLock(FileChannel channel) {
    this.channel = channel;
  }

  /** The claim, or empty while another process holds it. */
  static Optional<UpLock> tryAcquire(StateFolder folder) throws LocalException {
    try {
      FileChannel channel =
          FileChannel.open(folder.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      Optional<FileLock> lock = Optional.ofNullable(channel.tryLock());
      if (lock.isEmpty()) {
        channel.close();
        return Optional.empty();
      }
      return Optional.of(new UpLock(channel));
    } catch (OverlappingFileLockException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new LocalException("cannot lock " + folder.lock() + ": " + e.getMessage(), e);
    }
  }

  /** Fails when the claim was given up. */
  void requireOpen() {
    if (!channel.isOpen()) {
      throw new IllegalStateException("the claim was given up");
    }
  }

  @Override
  public void close() throws LocalException {
    try {
      channel.close();
    } catch (IOException e) {
      throw new LocalException("cannot unlock: " + e.getMessage(), e);
    }
  }
}
