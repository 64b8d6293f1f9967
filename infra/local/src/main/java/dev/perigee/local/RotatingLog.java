package dev.perigee.local;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * A log file that never passes its limit: then it becomes {@code NAME.log.1}, in place of the one
 * before, and begins anew. It remembers its last lines for whoever must explain a failure.
 */
final class RotatingLog implements AutoCloseable {
  /** Bytes of one file; two are kept. */
  static final long LIMIT = 8L * 1024 * 1024;

  private static final int REMEMBERED = 20;

  private final Path path;
  private final long limit;
  private final Deque<String> last = new ArrayDeque<>();
  private OutputStream out;
  private long size;

  RotatingLog(Path path, long limit) throws IOException {
    this.path = path;
    this.limit = limit;
    this.out = open();
  }

  /** Adds a line; a disk that refuses it costs the line, not the caller. */
  synchronized void line(String text) {
    if (last.size() == REMEMBERED) {
      last.removeFirst();
    }
    last.addLast(text);
    byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      if (size > 0 && size + bytes.length > limit) {
        rotate();
      }
      out.write(bytes);
      out.flush();
      size += bytes.length;
    } catch (IOException e) {
      last.addLast("(could not be logged: " + e.getMessage() + ")");
    }
  }

  synchronized List<String> lastLines() {
    return List.copyOf(last);
  }

  @Override
  public synchronized void close() {
    try {
      out.close();
    } catch (IOException e) {
      last.addLast("(could not be closed: " + e.getMessage() + ")");
    }
  }

  private void rotate() throws IOException {
    out.close();
    Path older = path.resolveSibling(path.getFileName() + ".1");
    Files.move(path, older, StandardCopyOption.REPLACE_EXISTING);
    out = open();
  }

  private OutputStream open() throws IOException {
    OutputStream opened =
        Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    size = Files.size(path);
    return opened;
  }
}
