package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import dev.perigee.keys.SealingKeys;
import dev.perigee.keys.SealingKeys.SealedException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keys that secrets are sealed with in the database. The database and its backups hold none of
 * them. Without a key nothing is sealed.
 */
public final class KeyRing {
  /** The environment's variable with what {@code --key-file} has in a file. */
  public static final String VARIABLE = SealingKeys.VARIABLE;

  private final SealingKeys keys;

  /** The first key that every control plane that lives has: what envelopes are sealed with. */
  private volatile Optional<String> shared;

  private KeyRing(SealingKeys keys) {
    this.keys = keys;
    this.shared = keys.current();
  }

  /**
   * What a row holds.
   *
   * @param by the id of the key that sealed it; empty where it is as it is
   */
  record Kept(Optional<String> by, Bytes content) {
    static Kept of(@Nullable String by, byte[] content) {
      return new Kept(Optional.ofNullable(by), Bytes.copyOf(content));
    }
  }

  /** Seals nothing, and opens what is not sealed. */
  public static KeyRing none() {
    return new KeyRing(SealingKeys.none());
  }

  /** The keys of a file, as {@link SealingKeys#of} takes it. */
  public static KeyRing of(Path file, SecureRandom random) throws IOException {
    return new KeyRing(SealingKeys.of(file, random));
  }

  /** Keys as text, as {@link SealingKeys#parse} takes it. */
  public static KeyRing parse(String where, String text, SecureRandom random) throws IOException {
    return new KeyRing(SealingKeys.parse(where, text, random));
  }

  /** The id of the key that seals; empty where nothing is sealed. */
  public Optional<String> current() {
    return keys.current();
  }

  /** The ids of all keys, the one that seals first. */
  public List<String> ids() {
    return keys.ids();
  }

  /** Says which keys each of the control planes that live has. */
  void shared(List<Set<String>> living) {
    shared =
        keys.ids().stream()
            .filter(id -> living.stream().allMatch(one -> one.contains(id)))
            .findFirst();
  }

  /** What envelopes are sealed with: the first key that every control plane that lives has. */
  Optional<String> shared() {
    return shared;
  }

  /** What rows are sealed with: the same, or the first one where there is none that all have. */
  Optional<String> sealing() {
    return shared.or(this::current);
  }

  /**
   * A secret as the database is to keep it.
   *
   * @param row which row it is of: it opens in no other one
   */
  Kept seal(String row, Bytes secret) {
    Optional<String> id = sealing();
    return new Kept(id, id.map(one -> keys.seal(row, one, secret)).orElse(secret));
  }

  /**
   * The secret of a row.
   *
   * @throws StoreException where its key is not here or another one than it was
   */
  Bytes open(String row, Kept kept) {
    try {
      return kept.by().isEmpty() ? kept.content() : keys.open(row, kept.by().get(), kept.content());
    } catch (SealedException e) {
      throw new StoreException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * A secret as a column keeps it that says by itself how it is sealed; as it is while a control
   * plane lives that could not open it.
   */
  public byte[] enclose(String row, byte[] secret) {
    return shared.map(id -> keys.enclose(row, id, secret)).orElse(secret);
  }

  /**
   * The secret of such a column.
   *
   * @throws StoreException where its key is not here or another one than it was
   */
  public byte[] disclose(String row, byte[] kept) {
    try {
      return keys.disclose(row, kept);
    } catch (SealedException e) {
      throw new StoreException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Such a column sealed with the key that is to seal it; empty where it is, or there is none. */
  Optional<byte[]> enclosedAnew(String row, byte[] kept) {
    Optional<String> to = shared;
    byte[] secret = disclose(row, kept);
    boolean due = to.isPresent() && !SealingKeys.enclosedBy(kept).equals(to);
    return due ? Optional.of(enclose(row, secret)) : Optional.empty();
  }
}
