package dev.perigee.edge.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * The changes since a base was written, each on disk before it is acknowledged: a head that says
 * which base they follow, then one record a change, each with length and checksum.
 *
 * <p>As that of the purge journal the head also says up to where everything was synced. It is
 * written behind each sync and reaches the disk with the next one, so that it costs none of its
 * own. Damage before that place means that acknowledged changes are lost; behind it lies what a
 * crash tore before it was acknowledged, and is cut off.
 */
final class ConfigJournal implements AutoCloseable {
  private static final int MAGIC = 0x50434a31;
  private static final int SYNCED_AT = 4;
  private static final int SYNCED_BYTES = 12;
  private static final int DIGEST_AT = SYNCED_AT + SYNCED_BYTES;
  private static final int HEAD_BYTES = DIGEST_AT + Digest.LENGTH + 4;
  private static final int RECORD_HEAD = 8;

  private final Path file;
  private final FileChannel channel;
  private long bytes;

  private ConfigJournal(Path file, FileChannel channel, long bytes) {
    this.file = file;
    this.channel = channel;
    this.bytes = bytes;
  }

  /**
   * What lies in a journal.
   *
   * @param end of the last whole record
   * @param synced up to where everything was acknowledged
   */
  record Content(List<byte[]> records, long end, long synced) {}

  /**
   * Reads one.
   *
   * @param bytes all of the file
   * @throws IOException when it is damaged where it was synced
   */
  static Content read(Path file, byte[] bytes, Digest base) throws IOException {
    ByteBuffer all = ByteBuffer.wrap(bytes);
    if (all.remaining() < HEAD_BYTES
        || all.getInt() != MAGIC
        || all.getInt(HEAD_BYTES - 4) != sum(all.array(), DIGEST_AT, Digest.LENGTH)) {
      throw new IOException(file + " is damaged");
    }
    long synced = all.getLong();
    byte[] digest = new byte[Digest.LENGTH];
    boolean isWhole = all.getInt() == sum(all.array(), SYNCED_AT, Long.BYTES);
    all.get(digest).getInt();
    if (!isWhole || !Digest.read(digest).equals(base)) {
      throw new IOException(file + " is damaged");
    }
    List<byte[]> records = new ArrayList<>();
    long end = replay(all, records);
    if (end < synced) {
      throw new IOException(file + " is damaged at " + end + ", before " + synced);
    }
    return new Content(records, end, synced);
  }

  /** The place behind the last whole record. */
  private static long replay(ByteBuffer all, List<byte[]> records) {
    int good = all.position();
    while (all.remaining() >= RECORD_HEAD) {
      int length = all.getInt();
      int sum = all.getInt();
      // Zeros, as a power cut leaves them behind the end, would be an empty record by their sum.
      if (length <= 0 || length > all.remaining()) {
        break;
      }
      byte[] record = new byte[length];
      all.get(record);
      if (sum(record, 0, length) != sum) {
        break;
      }
      records.add(record);
      good = all.position();
    }
    return good;
  }

  /** Goes on with one that was read; what is torn at its end is cut off. */
  static ConfigJournal resume(LastGoodFiles files, Path file, Content content) throws IOException {
    ConfigJournal journal = new ConfigJournal(file, files.open(file), content.end());
    journal.channel.truncate(content.end());
    if (content.end() > content.synced()) {
      // What is in force from here on must not be taken for a torn end later.
      journal.channel.force(false);
      journal.noteSynced();
    }
    return journal;
  }

  /**
   * Begins one, synced with its name when this returns.
   *
   * @param tail whole records that it begins with
   */
  static ConfigJournal begin(LastGoodFiles files, Digest base, ByteBuffer tail) throws IOException {
    Path file = files.journal(base);
    int end = HEAD_BYTES + tail.remaining();
    ByteBuffer all = ByteBuffer.allocate(end).putInt(MAGIC).put(synced(end));
    all.put(base.bytes().toArray()).putInt(sum(all.array(), DIGEST_AT, Digest.LENGTH));
    all.put(tail).flip();
    // Under its name it is whole: where one lies there, it follows the same base, and serves as
    // well.
    FileChannel channel = files.create(files.freshJournal());
    try {
      writeFully(channel, all, 0);
      channel.force(true);
      files.replace(files.freshJournal(), file);
    } catch (IOException e) {
      channel.close();
      files.delete(files.freshJournal());
      throw e;
    }
    return new ConfigJournal(file, channel, end);
  }

  private static ByteBuffer synced(long place) {
    ByteBuffer head = ByteBuffer.allocate(SYNCED_BYTES).putLong(place);
    return head.putInt(sum(head.array(), 0, Long.BYTES)).flip();
  }

  private static int sum(byte[] from, int at, int length) {
    CRC32 sum = new CRC32();
    sum.update(from, at, length);
    return (int) sum.getValue();
  }

  Path file() {
    return file;
  }

  long bytes() {
    return bytes;
  }

  /** Writes one record more; synced when this returns, and not there where it throws. */
  void append(byte[] record) throws IOException {
    ByteBuffer whole =
        ByteBuffer.allocate(RECORD_HEAD + record.length)
            .putInt(record.length)
            .putInt(sum(record, 0, record.length))
            .put(record)
            .flip();
    int length = whole.remaining();
    try {
      writeFully(channel, whole, bytes);
      channel.force(false);
    } catch (IOException e) {
      // A disk that is full in the middle of a record. The next one takes its place in any case.
      channel.truncate(bytes);
      throw e;
    }
    bytes += length;
    noteSynced();
  }

  /** The records from a place on. */
  ByteBuffer tail(long from) throws IOException {
    ByteBuffer tail = ByteBuffer.allocate((int) (bytes - from));
    while (tail.hasRemaining() && channel.read(tail, from + tail.position()) >= 0) {}
    if (tail.hasRemaining()) {
      throw new IOException(file + " ends too early");
    }
    return tail.flip();
  }

  /** Everything so far is on disk; that it is, with the next sync. */
  private void noteSynced() throws IOException {
    writeFully(channel, synced(bytes), SYNCED_AT);
  }

  private static void writeFully(FileChannel out, ByteBuffer bytes, long from) throws IOException {
    long at = from;
    while (bytes.hasRemaining()) {
      at += out.write(bytes, at);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
