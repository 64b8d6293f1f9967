package dev.perigee.edge.config;

import dev.perigee.keys.SealingKeys;
import dev.perigee.keys.SealingKeys.SealedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the secrets in the node's state folder are sealed with: its own key, those of the sites that
 * it serves, those of session tickets. The keys come from outside of the folder, so that a copy of
 * the disk that it lies on, or a backup of it, gives nothing.
 */
public final class StateKeys {
  private static final Logger LOG = LoggerFactory.getLogger(StateKeys.class);
  private static final int ID_BYTES = 4;

  private final SealingKeys keys;

  private StateKeys(SealingKeys keys) {
    this.keys = keys;
  }

  /** Seals nothing. */
  public static StateKeys none() {
    return new StateKeys(SealingKeys.none());
  }

  /** Keys that are at hand. */
  static StateKeys of(SealingKeys keys) {
    return new StateKeys(keys);
  }

  /**
   * The keys of a file or of a text; where there is neither, one that the node makes at its first
   * start, in a file beside its state folder. What that one sealed opens with the others there too.
   *
   * @param text lines as the file has them
   * @throws IOException with a sentence that says what is wrong
   */
  public static StateKeys open(
      Optional<Path> file, Optional<String> text, Path stateDir, SecureRandom random)
      throws IOException {
    if (file.isPresent() && text.isPresent()) {
      throw new IOException("--key-file and " + SealingKeys.VARIABLE + ": give one of them");
    }
    Path beside = beside(stateDir);
    if (file.isEmpty() && text.isEmpty()) {
      return new StateKeys(own(stateDir, beside, random));
    }
    SealingKeys given =
        file.isPresent()
            ? SealingKeys.of(file.get(), random)
            : SealingKeys.parse(SealingKeys.VARIABLE, text.orElseThrow(), random);
    return new StateKeys(
        Files.exists(beside) ? given.andOpening(SealingKeys.of(beside, random)) : given);
  }

  /** Where the node keeps a key of its own. */
  static Path beside(Path stateDir) {
    Path whole = stateDir.toAbsolutePath().normalize();
    return whole.resolveSibling(whole.getFileName() + ".key");
  }

  private static SealingKeys own(Path stateDir, Path beside, SecureRandom random)
      throws IOException {
    if (Files.exists(beside)) {
      return SealingKeys.of(beside, random);
    }
    Path folder = beside.getParent();
    // What is beside a mounted folder may be gone with the next start, and all it sealed with it.
    if (folder == null
        || !Files.isWritable(folder)
        || !Files.getFileStore(folder).equals(Files.getFileStore(stateDir))) {
      LOG.warn(
          "private keys lie open in {}, mode 600: a key beside it cannot be kept there; give one by"
              + " --key-file or {}",
          stateDir,
          SealingKeys.VARIABLE);
      return SealingKeys.none();
    }
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    String line = SealingKeys.newLine("own-" + HexFormat.of().formatHex(id), random);
    StateFile.replace(beside, line.getBytes(StandardCharsets.US_ASCII));
    LOG.info("private keys are sealed with a key of this node's own, in {}", beside);
    return SealingKeys.of(beside, random);
  }

  /** A secret as a file is to keep it. */
  byte[] seal(String what, byte[] secret) {
    return keys.enclose(what, secret);
  }

  /**
   * The secret that a file keeps.
   *
   * @throws IOException where the key that it is sealed with is not here, or another one
   */
  byte[] open(String what, byte[] kept) throws IOException {
    try {
      return keys.disclose(what, kept);
    } catch (SealedException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Whether what a file keeps is sealed as it would be now. */
  boolean isCurrent(byte[] kept) {
    return SealingKeys.enclosedBy(kept).equals(keys.current());
  }
}
