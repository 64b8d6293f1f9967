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
import java.util.OptionalLong;
import java.util.zip.CRC32;

/**
 * The purges in force on this node, on disk before they are acknowledged: a head that says which
 * log they count in and from where, then one record a purge, each with length and checksum.
 *
 * <p>The head also says up to where everything was synced, and may thus have been acknowledged.
 * That is written behind each group's sync and reaches the disk with the next one at the latest, so
 * that it costs no sync of its own. Damage before that place means that purges are lost, and the
 * journal with them; behind it lies what a crash tore before it was acknowledged, and is cut off.
 * Only a power cut in the very group after which a bit flips leaves the two alike.
 */
final class PurgeJournal implements Journal {
  /** Past this many bytes the journal begins anew. */
  static final long MAX_BYTES = 16L << 20;

  private static final int MAGIC = 0x50504a33;
  private static final int MAX_RECORD = 64 * 1024;
  private static final int MAX_LOG_ID = 1024;

  /** Where the head says how far everything is synced: a place and its checksum. */
  private static final int SYNCED_AT = 4;

  private static final int SYNCED_BYTES = 12;
  private static final int HEAD_BYTES = 32 + SYNCED_BYTES;

  private final Path file;
  private FileChannel channel;
  private Head head;
  private long bytes;

  private PurgeJournal(Path file, FileChannel channel, Head head) {
    this.file = file;
    this.channel = channel;
    this.head = head;
  }

  /** What must be done before a journal that is begun anew counts. */
  interface Before {
    void run() throws IOException;
  }

  /**
   * Opens the journal; what it holds goes to {@code purges}. One that is missing, is damaged where
   * it was synced or has a purge that cannot be understood is begun anew: then nobody knows what
   * was purged.
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
    write(file, Head.NONE, List.of());
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
    OptionalLong synced = synced(all);
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
    sum.update(all.array(), SYNCED_AT + SYNCED_BYTES, all.position() - SYNCED_AT - SYNCED_BYTES);
    if (all.remaining() < 4 || all.getInt() != (int) sum.getValue() || synced.isEmpty()) {
      return Optional.empty();
    }
    OptionalInt end = replay(all, purges);
    if (end.isEmpty() || end.getAsInt() < synced.getAsLong()) {
      purges.clear();
      return Optional.empty();
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    PurgeJournal journal = new PurgeJournal(file, channel, head);
    journal.bytes = end.getAsInt();
    channel.truncate(journal.bytes);
    if (journal.bytes > synced.getAsLong()) {
      // What is in force from here on must not be taken for a torn end later.
      channel.force(false);
      journal.noteSynced();
    }
    return Optional.of(journal);
  }

  private static OptionalLong synced(ByteBuffer all) {
    long place = all.getLong();
    return all.getInt() == sum(place) ? OptionalLong.of(place) : OptionalLong.empty();
  }

  private static ByteBuffer synced(long place) {
    return ByteBuffer.allocate(SYNCED_BYTES).putLong(place).putInt(sum(place)).flip();
  }

  private static int sum(long place) {
    CRC32 sum = new CRC32();
    sum.update(ByteBuffer.allocate(Long.BYTES).putLong(place).flip());
    return (int) sum.getValue();
  }

  /** Everything so far is on disk; that it is, with the next sync. */
  private void noteSynced() throws IOException {
    writeFully(channel, synced(bytes), SYNCED_AT);
  }

  @Override
  public Head head() {
    return head;
  }

  @Override
  public boolean isFull() {
    return bytes > MAX_BYTES;
  }

  @Override
  public void append(List<Purge> purges) throws IOException {
    long end = bytes;
    try {
      for (ByteBuffer record : records(purges)) {
        end += writeFully(channel, record, end);
      }
      channel.force(false);
    } catch (IOException e) {
      // A disk that is full in the middle of a record. The next one takes its place in any case.
      channel.truncate(bytes);
      throw e;
    }
    bytes = end;
    noteSynced();
  }

  /** All of it from this place on; how much that was. */
  private static int writeFully(FileChannel out, ByteBuffer bytes, long from) throws IOException {
    int length = bytes.remaining();
    while (bytes.hasRemaining()) {
      out.write(bytes, from + length - bytes.remaining());
    }
    return length;
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

  @Override
  public void restart(Head begun, List<Purge> kept) throws IOException {
    long end = write(file, begun, kept);
    channel.close();
    channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    bytes = end;
    head = begun;
  }

  /** Where its end is. */
  private static long write(Path file, Head begun, List<Purge> kept) throws IOException {
    byte[] id = begun.logId().getBytes(StandardCharsets.UTF_8);
    List<ByteBuffer> records = records(kept);
    int headBytes = HEAD_BYTES + id.length + 4;
    long end = headBytes + records.stream().mapToLong(ByteBuffer::remaining).sum();
    ByteBuffer head = ByteBuffer.allocate(headBytes).putInt(MAGIC).put(synced(end));
    head.putLong(begun.generation()).putLong(begun.base()).putLong(begun.storedFloor());
    head.putInt(id.length).put(id);
    CRC32 sum = new CRC32();
    int from = SYNCED_AT + SYNCED_BYTES;
    sum.update(head.array(), from, head.position() - from);
    head.putInt((int) sum.getValue()).flip();
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel out =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      long at = writeFully(out, head, 0);
      for (ByteBuffer record : records) {
        at += writeFully(out, record, at);
      }
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent())) {
      folder.force(true);
    }
    return end;
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
