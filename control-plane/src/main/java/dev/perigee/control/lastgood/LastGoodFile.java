package dev.perigee.control.lastgood;

import dev.perigee.control.store.KeyRing;
import dev.perigee.control.store.SecretFile;
import dev.perigee.control.store.StoreException;
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

  private static final String SEALED_AS = "last good answers";

  private final Path file;
  private final KeyRing keys;

  /**
   * The file in this place.
   *
   * @param keys that it is sealed with: it holds the zone's keys and that of this process
   */
  public LastGoodFile(Path file, KeyRing keys) {
    this.file = file;
    this.keys = keys;
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
      LastGood good = LastGoodCodec.decode(keys.disclose(SEALED_AS, Files.readAllBytes(file)));
      if (!good.zone().equals(zone)) {
        throw new IOException("is of the zone " + good.zone() + ", not of " + zone);
      }
      return Optional.of(good);
    } catch (StoreException e) {
      throw unusable("cannot be read: " + e.getMessage(), e);
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
    byte[] bytes = keys.enclose(SEALED_AS, LastGoodCodec.encode(good));
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
