package dev.perigee.edge.geo;

import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.GeoFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;

/** A database on its way into a temporary file. */
final class GeoTransfer implements AutoCloseable {
  private final GeoChunk first;
  private final Path part;
  private final FileChannel channel;
  private final MessageDigest digest = GeoFile.sha256();
  private long received;

  /**
   * Begins with an empty file.
   *
   * @param first the part at offset 0
   */
  GeoTransfer(GeoChunk first, Path part) throws IOException {
    this.first = first;
    this.part = part;
    this.channel =
        FileChannel.open(
            part,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING);
  }

  /** Whether the part is one of this database's. */
  boolean isOf(GeoChunk chunk) {
    return first.kind() == chunk.kind()
        && first.version().equals(chunk.version())
        && first.size() == chunk.size();
  }

  /** Whether the part begins where the last one ended. */
  boolean isNext(GeoChunk chunk) {
    return chunk.offset() == received;
  }

  void write(GeoChunk chunk) throws IOException {
    byte[] content = chunk.content().toArray();
    digest.update(content);
    ByteBuffer bytes = ByteBuffer.wrap(content);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    received += content.length;
  }

  long received() {
    return received;
  }

  boolean isWhole() {
    return received == first.size();
  }

  /** Whether what came is what was announced; on disk, synced, when this returns. */
  boolean isSound() throws IOException {
    channel.force(true);
    return HexFormat.of().formatHex(digest.digest()).equals(first.version());
  }

  Path part() {
    return part;
  }

  /** Also forgets the temporary file, unless it has another name by now. */
  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(part);
  }
}
