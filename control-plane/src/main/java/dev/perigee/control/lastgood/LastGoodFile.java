package dev.perigee.control.lastgood;

import dev.perigee.control.store.SecretFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The file of mode 600 that holds what was last good; it is replaced whole, once the next one is on
 * disk.
 */
public final class LastGoodFile {
  /** Bytes that are read back: some 600 000 sites. */
  private static final long MAX_BYTES = 256L << 20;

  private final Path file;

  public LastGoodFile(Path file) {
    this.file = file;
  }

  /**
   * What was last good; empty where nothing was written yet.
   *
   * @param zone the zone that it must be of
   * @throws IOException where it cannot be used; the message says why and what to do
   */
  public Optional<LastGood> read(String zone) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    if (Files.size(file) > MAX_BYTES) {
      throw unusable("has more than " + MAX_BYTES + " bytes", null);
    }
    try {
      LastGood good = LastGoodCodec.decode(Files.readAllBytes(file));
      if (!good.zone().equals(zone)) {
        throw new IOException("is of the zone " + good.zone() + ", not of " + zone);
      }
      return Optional.of(good);
    } catch (EOFException e) {
      throw unusable("is damaged: it ends too early", e);
    } catch (IOException e) {
      throw unusable(String.valueOf(e.getMessage()), e);
    }
  }

  private IOException unusable(String why, @Nullable Throwable cause) {
    return new IOException(
        "%s %s. It is not used, and is written anew once the database answers".formatted(file, why),
        cause);
  }

  /** Writes it in the place of the one before; on disk when this returns. */
  public void write(LastGood good) throws IOException {
    byte[] bytes = LastGoodCodec.encode(good);
    if (bytes.length > MAX_BYTES) {
      throw new IOException(
          "%s would have %d bytes: more than %d are not read back"
              .formatted(file, bytes.length, MAX_BYTES));
    }
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try (OutputStream out = SecretFile.create(fresh)) {
      out.write(bytes);
    }
    SecretFile.settle(fresh, file);
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
