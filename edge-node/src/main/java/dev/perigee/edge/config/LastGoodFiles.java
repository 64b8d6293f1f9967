package dev.perigee.edge.config;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The files of the last good configuration: the base, and the journal of changes since, which is
 * called after the base that it follows. All have mode 600: they hold keys.
 */
class LastGoodFiles {
  private static final int NAME_DIGITS = 16;

  private final Path base;
  private final Path folder;

  LastGoodFiles(Path base) {
    Path whole = base.toAbsolutePath();
    Path parent = whole.getParent();
    if (parent == null) {
      throw new IllegalArgumentException("no folder to write " + base + " to");
    }
    this.base = whole;
    this.folder = parent;
  }

  /** The configuration as it was when it was last written whole. */
  Path base() {
    return base;
  }

  /** A base that the applying thread is writing. */
  Path fresh() {
    return beside(".new");
  }

  /** A base that is being written beside the applying thread. */
  Path compacted() {
    return beside(".compacted");
  }

  /** The journal that follows the base with this digest. */
  Path journal(Digest of) {
    return beside(".journal-" + of.bytes().toHex().substring(0, NAME_DIGITS));
  }

  /** A journal that is being begun. */
  Path freshJournal() {
    return beside(".journal-new");
  }

  Path damaged() {
    return beside(".damaged");
  }

  private Path beside(String suffix) {
    return folder.resolve(base.getFileName() + suffix);
  }

  /** A file of nothing, whatever lay there before. */
  FileChannel create(Path file) throws IOException {
    Files.createDirectories(folder);
    Files.deleteIfExists(file);
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /** Puts a file in the place of another, on disk when this returns. */
  void replace(Path fresh, Path old) throws IOException {
    Files.move(fresh, old, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    sync();
  }

  void delete(Path file) throws IOException {
    Files.deleteIfExists(file);
  }

  /** Brings the folder's names to the disk. */
  void sync() throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Deletes what writing left that did not come to its end, and journals of other bases. */
  void tidy(Path journal) throws IOException {
    String begin = base.getFileName() + ".";
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, begin + "*")) {
      for (Path file : all) {
        String rest = file.getFileName().toString().substring(begin.length());
        boolean unfinished = rest.equals("new") || rest.equals("compacted");
        if (unfinished || (rest.startsWith("journal-") && !file.equals(journal))) {
          delete(file);
        }
      }
    }
  }
}
