package dev.perigee.edge.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files that end the process at a step, or whose disk is full. */
final class FaultyFiles extends LastGoodFiles {
  /** The process has ended here. */
  static final class Crash extends Error {
    private static final long serialVersionUID = 1;
  }

  private final Runnable compacting;
  private final List<FileChannel> opened = new ArrayList<>();
  private long stepsLeft = Long.MAX_VALUE;
  private long room = Long.MAX_VALUE;

  /**
   * @param compacting is run while a new base is written beside
   */
  FaultyFiles(Path base, Runnable compacting) {
    super(base);
    this.compacting = compacting;
  }

  /** Ends the process in so many steps; each write, sync and change of a name is one. */
  void crashIn(long steps) {
    stepsLeft = steps;
  }

  /** The disk takes so many bytes more. */
  void room(long bytes) {
    room = bytes;
  }

  /** What the end of the process closes. */
  void closeAll() throws IOException {
    for (FileChannel channel : opened) {
      channel.close();
    }
  }

  private void step() {
    if (stepsLeft-- <= 0) {
      throw new Crash();
    }
  }

  @Override
  FileChannel create(Path file) throws IOException {
    step();
    FileChannel created = kept(super.create(file));
    if (file.equals(compacted())) {
      compacting.run();
    }
    return created;
  }

  @Override
  FileChannel open(Path file) throws IOException {
    return kept(super.open(file));
  }

  private FileChannel kept(FileChannel channel) {
    opened.add(channel);
    return new Channel(channel);
  }

  @Override
  void replace(Path fresh, Path old) throws IOException {
    step();
    super.replace(fresh, old);
    step();
  }

  @Override
  void delete(Path file) throws IOException {
    step();
    super.delete(file);
  }

  /** Only what the store calls. */
  private final class Channel extends FileChannel {
    private final FileChannel real;

    Channel(FileChannel real) {
      this.real = real;
    }

    /** As much as goes before the end, or on the disk: what lies there already takes no room. */
    private ByteBuffer part(ByteBuffer from, long at) throws IOException {
      int length = from.remaining();
      long more = Math.max(0, at + length - real.size());
      if (more > room) {
        length -= (int) (more - room);
        more = room;
      }
      if (length == 0) {
        throw new IOException("No space left on device");
      }
      room -= more;
      return from.slice(from.position(), stepsLeft == 0 ? length / 2 : length);
    }

    private int written(ByteBuffer from, int length) {
      from.position(from.position() + length);
      step();
      return length;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      return written(from, real.write(part(from, real.position())));
    }

    @Override
    public int write(ByteBuffer from, long at) throws IOException {
      return written(from, real.write(part(from, at), at));
    }

    @Override
    public void force(boolean metaData) throws IOException {
      step();
      real.force(false);
    }

    @Override
    public int read(ByteBuffer to, long at) throws IOException {
      return real.read(to, at);
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
      step();
      real.truncate(size);
      return this;
    }

    @Override
    protected void implCloseChannel() throws IOException {
      real.close();
    }

    private static UnsupportedOperationException unused() {
      return new UnsupportedOperationException("the store does not call this");
    }

    @Override
    public int read(ByteBuffer to) {
      throw unused();
    }

    @Override
    public long read(ByteBuffer[] to, int offset, int length) {
      throw unused();
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) {
      throw unused();
    }

    @Override
    public long position() {
      throw unused();
    }

    @Override
    public FileChannel position(long to) {
      throw unused();
    }

    @Override
    public long size() {
      throw unused();
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) {
      throw unused();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long from, long count) {
      throw unused();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long from, long size) {
      throw unused();
    }

    @Override
    public FileLock lock(long from, long size, boolean shared) {
      throw unused();
    }

    @Override
    public FileLock tryLock(long from, long size, boolean shared) {
      throw unused();
    }
  }
}
