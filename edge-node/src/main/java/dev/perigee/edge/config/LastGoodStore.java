package dev.perigee.edge.config;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the last good configuration on disk: a base, which is the SHA-256 of what follows and then
 * all of a state, and a {@link ConfigJournal} of the changes since. What the node refused never
 * gets here; where it refused anything, the revision does not either: so after a restart it asks
 * for everything, and says again what it refuses.
 *
 * <p>A change costs what it changes and one sync. When the journal has grown long a new base is
 * written beside, by another thread. The journal is called after the base that it follows, so it is
 * the base's coming into place that puts the new one in force: before it the old base and its
 * journal are whole, after it the new base and its journal, which begins with what was changed
 * meanwhile. A base alone is whole too: it is what earlier builds wrote, and read.
 */
public final class LastGoodStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LastGoodStore.class);

  /** Bytes of a file that the node reads back. */
  private static final long MAX_BYTES = 1L << 30;

  /** Bytes of a base that are written before they are brought to the disk. */
  private static final int STEP = 1 << 20;

  private static final String PLACE = "the last good configuration";

  private final LastGoodFiles files;
  private final StateKeys keys;
  private final Limits limits;
  private final Executor compactions;

  // Guarded by this.
  private @Nullable Kept kept;
  private boolean compacting;
  private boolean closed;

  /** Of the journal, past which there is to be a new base when one could not be made before. */
  private long nextTry;

  /**
   * When what is written how.
   *
   * @param compactBytes of the journal past which a new base is written, beside
   * @param compactPercent the same as a share of the base; the larger one counts
   * @param mostTimes past so many times that much a change waits until all is written
   * @param changeResources of one change, past which all is written instead
   */
  record Limits(long compactBytes, int compactPercent, int mostTimes, int changeResources) {
    static final Limits DEFAULT = new Limits(4L << 20, 50, 4, 10_000);

    long compactAt(long baseBytes) {
      return Math.max(compactBytes, baseBytes * compactPercent / 100);
    }
  }

  /** What is on the disk. */
  private record Kept(ConfigState state, long baseBytes, ConfigJournal journal) {
    Kept with(ConfigState next) {
      return new Kept(next, baseBytes, journal);
    }
  }

  /**
   * What was read.
   *
   * @param journal none beside the base of an earlier build
   * @param current whether all of it is sealed as it would be now
   */
  private record Read(
      ConfigState state,
      Digest base,
      long baseBytes,
      Optional<ConfigJournal.Content> journal,
      boolean current) {}

  /**
   * One in these files, which it does not look at yet.
   *
   * @param file the base; all others lie beside it
   */
  public LastGoodStore(Path file) {
    this(file, StateKeys.none());
  }

  /**
   * The same, sealed.
   *
   * @param keys that all of it is sealed with: it holds the keys of sites
   */
  public LastGoodStore(Path file, StateKeys keys) {
    this(
        new LastGoodFiles(file),
        keys,
        Limits.DEFAULT,
        task -> Thread.ofPlatform().name("edge-last-good").daemon(true).start(task));
  }

  LastGoodStore(LastGoodFiles files, Limits limits, Executor compactions) {
    this(files, StateKeys.none(), limits, compactions);
  }

  LastGoodStore(LastGoodFiles files, StateKeys keys, Limits limits, Executor compactions) {
    this.files = files;
    this.keys = keys;
    this.limits = limits;
    this.compactions = compactions;
  }

  /**
   * Notes a state; on disk, synced, when this returns. Where it throws, what was noted before is
   * still there.
   */
  public synchronized void save(ConfigState state) throws IOException {
    // Nothing refused, and no revision where anything was.
    ConfigState next =
        new ConfigState(
            state.logId(),
            state.refused().isEmpty() ? state.revision() : 0,
            state.zone(),
            state.sites(),
            state.certificates(),
            state.peers());
    Kept now = kept;
    Optional<byte[]> change =
        now == null
            ? Optional.empty()
            : LastGoodCodec.change(now.state, next, limits.changeResources)
                .map(bytes -> keys.seal(PLACE, bytes));
    if (now == null || change.isEmpty() || isFull(now, change.get())) {
      putInPlace(next, write(files.fresh(), next), ByteBuffer.allocate(0));
      return;
    }
    now.journal.append(change.get());
    kept = now.with(next);
    compactWhenLong(kept);
  }

  private boolean isFull(Kept now, byte[] change) {
    long most = limits.compactAt(now.baseBytes) * limits.mostTimes;
    return now.journal.bytes() + change.length > most;
  }

  private void compactWhenLong(Kept now) {
    long at = now.journal.bytes();
    if (!compacting && at > Math.max(limits.compactAt(now.baseBytes), nextTry)) {
      compacting = true;
      compactions.execute(() -> compact(now, at));
    }
  }

  /** Writes all of a state as a new base, while others may be changed and noted. */
  private void compact(Kept from, long at) {
    try {
      Base base = write(files.compacted(), from.state);
      finish(from, base, at);
    } catch (IOException e) {
      LOG.warn("the last good configuration stays a journal: {}", e.getMessage());
      synchronized (this) {
        nextTry = at + limits.compactAt(from.baseBytes);
      }
    } finally {
      synchronized (this) {
        compacting = false;
      }
    }
  }

  private synchronized void finish(Kept from, Base base, long at) throws IOException {
    Kept now = kept;
    if (closed || now == null || now.journal != from.journal) {
      files.delete(base.file); // all was written anew meanwhile
      return;
    }
    putInPlace(now.state, base, now.journal.tail(at));
  }

  /** A base that is written and not yet in force. */
  private record Base(Path file, Digest digest, long bytes) {}

  private Base write(Path file, ConfigState state) throws IOException {
    byte[] content = keys.seal(PLACE, LastGoodCodec.whole(state));
    Digest digest = Digest.of(content);
    try (FileChannel channel = files.create(file)) {
      write(channel, ByteBuffer.wrap(digest.bytes().toArray()));
      // In steps, each brought to the disk: a change that is noted meanwhile waits for one of them.
      for (int from = 0; from < content.length; from += STEP) {
        write(channel, ByteBuffer.wrap(content, from, Math.min(STEP, content.length - from)));
        channel.force(false);
      }
      channel.force(true);
    } catch (IOException e) {
      files.delete(file);
      throw e;
    }
    return new Base(file, digest, Digest.LENGTH + (long) content.length);
  }

  private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * Puts a base in force.
   *
   * @param state what it and the tail come to
   * @param tail changes that were noted since it was begun
   */
  private void putInPlace(ConfigState state, Base base, ByteBuffer tail) throws IOException {
    try {
      ConfigJournal journal = ConfigJournal.begin(files, base.digest, tail);
      // Until it is done nobody knows which of the two is in force: the next one is written whole.
      Optional<ConfigJournal> old = forget();
      files.replace(base.file, files.base());
      kept = new Kept(state, base.bytes, journal);
      nextTry = 0;
      if (old.isPresent() && !old.get().file().equals(journal.file())) {
        files.delete(old.get().file());
      }
    } finally {
      files.delete(base.file);
    }
  }

  private Optional<ConfigJournal> forget() throws IOException {
    if (kept == null) {
      return Optional.empty();
    }
    ConfigJournal journal = kept.journal;
    kept = null;
    journal.close();
    return Optional.of(journal);
  }

  /**
   * What was noted last, to go on from; empty when nothing was. What is damaged is put aside: the
   * control plane has the configuration, so the node can start without its own copy.
   */
  public synchronized Optional<ConfigState> recover() throws IOException {
    Optional<Read> read;
    try {
      read = read();
    } catch (IOException e) {
      putAside(e);
      return Optional.empty();
    }
    if (read.isEmpty()) {
      return Optional.empty();
    }
    Read found = read.get();
    try {
      goOn(found);
    } catch (IOException e) {
      LOG.warn("the last good configuration is written anew: {}", e.getMessage());
    }
    return Optional.of(found.state);
  }

  private void goOn(Read found) throws IOException {
    if (!found.current) {
      putInPlace(found.state, write(files.fresh(), found.state), ByteBuffer.allocate(0));
      files.delete(files.journal(found.base));
      return;
    }
    Path file = files.journal(found.base);
    ConfigJournal journal =
        found.journal.isPresent()
            ? ConfigJournal.resume(files, file, found.journal.get())
            : ConfigJournal.begin(files, found.base, ByteBuffer.allocate(0));
    kept = new Kept(found.state, found.baseBytes, journal);
    files.tidy(file);
  }

  private void putAside(IOException problem) throws IOException {
    LOG.warn(
        "{}; it is kept as {}, and nothing is served before the control plane sends all anew",
        problem.getMessage(),
        files.damaged());
    // A journal is nothing without its base: the next one has another name.
    Files.move(files.base(), files.damaged(), StandardCopyOption.REPLACE_EXISTING);
    kept = null;
  }

  /**
   * What was noted last; empty when nothing was. Changes nothing.
   *
   * @throws IOException when a file cannot be read or is damaged
   */
  public Optional<ConfigState> load() throws IOException {
    return read().map(Read::state);
  }

  private Optional<Read> read() throws IOException {
    Path file = files.base();
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    byte[] whole = bytes(file);
    if (whole.length < Digest.LENGTH) {
      throw new IOException(file + " is damaged");
    }
    byte[] content = Arrays.copyOfRange(whole, Digest.LENGTH, whole.length);
    Digest digest = Digest.of(content);
    if (!digest.equals(Digest.read(whole))) {
      throw new IOException(file + " is damaged");
    }
    boolean current = keys.isCurrent(content);
    ConfigState state = LastGoodCodec.whole(new ByteArrayInputStream(keys.open(PLACE, content)));
    Path since = files.journal(digest);
    if (!Files.exists(since)) {
      return Optional.of(new Read(state, digest, whole.length, Optional.empty(), current));
    }
    ConfigJournal.Content journal = ConfigJournal.read(since, bytes(since), digest);
    for (byte[] change : journal.records()) {
      state = LastGoodCodec.changed(state, keys.open(PLACE, change));
      current &= keys.isCurrent(change);
    }
    return Optional.of(new Read(state, digest, whole.length, Optional.of(journal), current));
  }

  private static byte[] bytes(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException(file + " is larger than a configuration can be");
    }
    return Files.readAllBytes(file);
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    forget();
  }
}
