package dev.perigee.edge.store;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.perigee.contract.Purge;
import dev.perigee.contract.SyncCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.CRC32;

/**
 * The purges in force on this node, on disk before they are acknowledged: a head that says which
 * log they count in and from where, then one record a purge, each with length and checksum. A torn
 * record at the end, as a power cut leaves it, is cut off: it was never acknowledged.
 */
final class PurgeJournal implements AutoCloseable {
  /** Past this many bytes the journal begins anew. */
  static final long MAX_BYTES = 16L << 20;

  private static final int MAGIC = 0x50504a32;
  private static final int MAX_RECORD = 64 * 1024;
  private static final int MAX_LOG_ID = 1024;
  private static final int HEAD_BYTES = 32;

  private final Path file;
  private FileChannel channel;
  private String logId;
  private long base;
  private long bytes;
  private long generation;
  private long storedFloor;

  private PurgeJournal(Path file, FileChannel channel, Head head) {
    this.file = file;
    this.channel = channel;
    this.logId = head.logId;
    this.base = head.base;
    this.generation = head.generation;
    this.storedFloor = head.storedFloor;
  }

  /**
   * The beginning of the file.
   *
   * @param logId which change log the numbers count in; empty for none yet
   * @param generation of the log, ascending: how many there were before it
   * @param base purges up to this number are not in the journal: nothing they cover is stored
   * @param storedFloor stamp before which nothing that was fetched counts
   */
  record Head(String logId, long generation, long base, long storedFloor) {}

  /** What must be done before a journal that is begun anew counts. */
  interface Before {
    void run() throws IOException;
  }

  /**
   * Opens the journal; what it holds goes to {@code purges}. One that is missing, has a damaged
   * head or a purge that cannot be understood is begun anew: then nobody knows what was purged.
   *
   * @param forget removes everything stored; done before the new journal is on disk, for beside
   *     that a removal that was cut short could not be told any more
   */
  static PurgeJournal open(Path file, List<Purge> purges, Before forget) throws IOException {
    Optional<PurgeJournal> known = read(file, purges);
    if (known.isPresent()) {
      return known.get();
    }
    forget.run();
    write(file, new Head("", 0, 0, 0), List.of());
    return read(file, purges).orElseThrow(() -> new IOException("no journal can be kept: " + file));
  }

  private static Optional<PurgeJournal> read(Path file, List<Purge> purges) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file));
    if (all.remaining() < HEAD_BYTES || all.getInt() != MAGIC) {
      return Optional.empty();
    }
    long generation = all.getLong();
    long base = all.getLong();
    long storedFloor = all.getLong();
    int length = all.getInt();
    if (length < 0 || length > MAX_LOG_ID || length > all.remaining()) {
      return Optional.empty();
    }
    byte[] id = new byte[length];
    all.get(id);
    Head head = new Head(new String(id, StandardCharsets.UTF_8), generation, base, storedFloor);
    CRC32 sum = new CRC32();
    sum.update(all.array(), 0, all.position());
    if (all.remaining() < 4 || all.getInt() != (int) sum.getValue()) {
      return Optional.empty();
    }
    OptionalInt end = replay(all, purges);
    if (end.isEmpty()) {
      purges.clear();
      return Optional.empty();
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    PurgeJournal journal = new PurgeJournal(file, channel, head);
    journal.bytes = end.getAsInt();
    channel.truncate(journal.bytes);
    channel.position(journal.bytes);
    return Optional.of(journal);
  }

  /** Which change log the numbers count in; empty for none yet. */
  String logId() {
    return logId;
  }

  /** Purges up to this number are not in the journal any more. */
  long base() {
    return base;
  }

  /** Of the log, ascending. */
  long generation() {
    return generation;
  }

  /** Stamp before which nothing that was fetched counts. */
  long storedFloor() {
    return storedFloor;
  }

  boolean isFull() {
    return bytes > MAX_BYTES;
  }

  /** On disk when this returns. */
  void append(List<Purge> purges) throws IOException {
    List<ByteBuffer> records = records(purges);
    try {
      for (ByteBuffer record : records) {
        writeFully(channel, record);
      }
      channel.force(false);
      bytes = channel.position();
    } catch (IOException e) {
      // A disk that is full in the middle of a record: the next one must not come behind a torn
      // one.
      channel.truncate(bytes);
      channel.position(bytes);
      throw e;
    }
  }

  private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  private static List<ByteBuffer> records(List<Purge> purges) {
    List<ByteBuffer> records = new ArrayList<>();
    for (Purge purge : purges) {
      byte[] record = SyncCodec.encode(purge).toByteArray();
      CRC32 sum = new CRC32();
      sum.update(record);
      records.add(
          ByteBuffer.allocate(8 + record.length)
              .putInt(record.length)
              .putInt((int) sum.getValue())
              .put(record)
              .flip());
    }
    return records;
  }

  /** Begins anew, with these purges and no others. */
  void restart(Head head, List<Purge> kept) throws IOException {
    write(file, head, kept);
    channel.close();
    channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    bytes = channel.size();
    channel.position(bytes);
    logId = head.logId;
    base = head.base;
    generation = head.generation;
    storedFloor = head.storedFloor;
  }

  private static void write(Path file, Head begun, List<Purge> kept) throws IOException {
    byte[] id = begun.logId.getBytes(StandardCharsets.UTF_8);
    ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES + id.length + 4);
    head.putInt(MAGIC).putLong(begun.generation).putLong(begun.base).putLong(begun.storedFloor);
    head.putInt(id.length).put(id);
    CRC32 sum = new CRC32();
    sum.update(head.array(), 0, head.position());
    head.putInt((int) sum.getValue()).flip();
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel out =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      writeFully(out, head);
      for (ByteBuffer record : records(kept)) {
        writeFully(out, record);
      }
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent())) {
      folder.force(true);
    }
  }

  /**
   * The place behind the last whole record; empty where a whole one says what this build does not
   * know: it was acknowledged, and must not be cut off as if it had not been.
   */
  private static OptionalInt replay(ByteBuffer all, List<Purge> purges) {
    int good = all.position();
    while (all.remaining() >= 8) {
      int length = all.getInt();
      int sum = all.getInt();
      // Zeros, as a power cut leaves them behind the end, would be an empty record by their sum.
      if (length <= 0 || length > MAX_RECORD || length > all.remaining()) {
        break;
      }
      byte[] record = new byte[length];
      all.get(record);
      CRC32 actual = new CRC32();
      actual.update(record);
      if ((int) actual.getValue() != sum) {
        break;
      }
      try {
        purges.add(SyncCodec.decode(dev.perigee.contract.sync.v1.Purge.parseFrom(record)));
      } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
        return OptionalInt.empty();
      }
      good = all.position();
    }
    return OptionalInt.of(good);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
