package dev.perigee.edge.store;

import java.io.IOException;
import java.nio.file.Path;

/** Another store holds the folder: no fault of a disk, but of whoever started both. */
public final class FolderInUseException extends IOException {
  private static final long serialVersionUID = 1L;

  FolderInUseException(String who, Path folder) {
    super(who + " uses the cache in " + folder);
  }
}
