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
import java.util.zip.CRC32;

/**
 * The purges in force on this node, on disk before they are acknowledged: a head that says which
 * log they count in and from where, then one record a purge, each with length and checksum. A torn
 * record at the end, as a power cut leaves it, is cut off: it was never acknowledged.
 */
final class PurgeJournal implements AutoCloseable {
  /** Past this many bytes the journal begins anew. */
  static final long MAX_BYTES = 16L << 20;

  private static final int MAGIC = 0x50504a31;
  private static final int MAX_RECORD = 64 * 1024;
  private static final int MAX_LOG_ID = 1024;

  private final Path file;
  private FileChannel channel;
  private String logId;
  private long base;
  private long bytes;
  private boolean isNew;

  private PurgeJournal(Path file, FileChannel channel, String logId, long base) {
    this.file = file;
    this.channel = channel;
    this.logId = logId;
    this.base = base;
  }

  /**
   * Opens the journal; what it holds goes to {@code purges}. One that is missing or has a damaged
   * head is begun anew and says so: then nobody knows what was purged.
   */
  static PurgeJournal open(Path file, List<Purge> purges) throws IOException {
    Optional<PurgeJournal> known = read(file, purges);
    if (known.isPresent()) {
      return known.get();
    }
    write(file, "", 0);
    PurgeJournal begun =
        read(file, purges).orElseThrow(() -> new IOException("no journal can be kept in " + file));
    begun.isNew = true;
    return begun;
  }

  private static Optional<PurgeJournal> read(Path file, List<Purge> purges) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file));
    if (all.remaining() < 16 || all.getInt() != MAGIC) {
      return Optional.empty();
    }
    long base = all.getLong();
    int length = all.getInt();
    if (length < 0 || length > MAX_LOG_ID || length > all.remaining()) {
      return Optional.empty();
    }
    byte[] id = new byte[length];
    all.get(id);
    long end = replay(all, purges);
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    PurgeJournal journal =
        new PurgeJournal(file, channel, new String(id, StandardCharsets.UTF_8), base);
    journal.bytes = end;
    channel.truncate(end);
    channel.position(end);
    return Optional.of(journal);
  }

  /** Whether there was none, or none that could be read: then no purge before is known. */
  boolean isNew() {
    return isNew;
  }

  /** Which change log the numbers count in; empty for none yet. */
  String logId() {
    return logId;
  }

  /** Purges up to this number are not in the journal any more. */
  long base() {
    return base;
  }

  boolean isFull() {
    return bytes > MAX_BYTES;
  }

  /** On disk when this returns. */
  void append(List<Purge> purges) throws IOException {
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
    try {
      for (ByteBuffer record : records) {
        while (record.hasRemaining()) {
          channel.write(record);
        }
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

  /** Begins anew: everything up to {@code number} counts as purged before. */
  void restart(String newLogId, long number) throws IOException {
    write(file, newLogId, number);
    channel.close();
    channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    bytes = channel.size();
    channel.position(bytes);
    logId = newLogId;
    base = number;
  }

  private static void write(Path file, String logId, long base) throws IOException {
    byte[] id = logId.getBytes(StandardCharsets.UTF_8);
    ByteBuffer head = ByteBuffer.allocate(16 + id.length);
    head.putInt(MAGIC).putLong(base).putInt(id.length).put(id).flip();
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel out =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      while (head.hasRemaining()) {
        out.write(head);
      }
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent())) {
      folder.force(true);
    }
  }

  /** The place behind the last whole record. */
  private static long replay(ByteBuffer all, List<Purge> purges) {
    int good = all.position();
    while (all.remaining() >= 8) {
      int length = all.getInt();
      int sum = all.getInt();
      if (length < 0 || length > MAX_RECORD || length > all.remaining()) {
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
      } catch (InvalidProtocolBufferException e) {
        break;
      }
      good = all.position();
    }
    return good;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
