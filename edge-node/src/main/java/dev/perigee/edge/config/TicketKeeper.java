package dev.perigee.edge.config;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.TicketKey;
import dev.perigee.contract.TicketKeyCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of session tickets that the control plane sent last, kept on disk for a start without
 * it. While none of them is in force, tickets are sealed with a key that this node made and no
 * other one has.
 */
public final class TicketKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(TicketKeeper.class);

  /** For which a key of this node's own is in force; it is read with for as long again. */
  private static final Duration OWN_PERIOD = Duration.ofHours(12);

  private static final Comparator<TicketKey> NEWEST_FIRST =
      Comparator.comparing(TicketKey::begins).reversed();

  private static final String PLACE = "the keys of session tickets";

  private final Path file;
  private final StateKeys keys;
  private final InstantSource clock;
  private final SecureRandom random;
  private final Consumer<List<TicketKey>> inForce;

  // All guarded by this.
  private List<TicketKey> fleet = List.of();
  private List<TicketKey> told = List.of();
  private @Nullable TicketKey own;

  /**
   * Keys that are not read yet.
   *
   * @param file where they lie
   * @param keys that they are sealed with there
   * @param inForce told which keys tickets are read with, first the one that they are sealed with
   */
  public TicketKeeper(
      Path file,
      StateKeys keys,
      InstantSource clock,
      SecureRandom random,
      Consumer<List<TicketKey>> inForce) {
    this.keys = keys;
    this.file = file;
    this.clock = clock;
    this.random = random;
    this.inForce = inForce;
  }

  /** Begins with what lies on the disk; what cannot be read is left alone, as a cache would be. */
  public synchronized void start() {
    try {
      if (Files.exists(file)) {
        byte[] kept = Files.readAllBytes(file);
        FromControl.TicketKeys known = TicketKeyCodec.of(keys.open(PLACE, kept));
        fleet = known.keys();
        if (!keys.isCurrent(kept)) {
          write(known);
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn("the keys of session tickets cannot be read: {}", e.getMessage());
    }
    look();
  }

  /** The control plane has sent keys, in place of those before. */
  synchronized void take(FromControl.TicketKeys sent) {
    fleet = sent.keys();
    look();
    try {
      write(sent);
    } catch (IOException e) {
      LOG.error("the keys of session tickets cannot be written: {}", e.getMessage());
    }
  }

  private void write(FromControl.TicketKeys some) throws IOException {
    StateFile.replace(file, keys.seal(PLACE, TicketKeyCodec.toBytes(some)));
  }

  /** Puts in force what is due; to be called every second or so. */
  public synchronized void look() {
    List<TicketKey> due = due(clock.instant());
    if (!due.equals(told)) {
      told = due;
      inForce.accept(due);
    }
  }

  private List<TicketKey> due(Instant now) {
    List<TicketKey> alive =
        fleet.stream().filter(key -> now.isBefore(key.expires())).sorted(NEWEST_FIRST).toList();
    Optional<TicketKey> current =
        alive.stream().filter(key -> !key.begins().isAfter(now)).findFirst();
    if (current.isEmpty() && (own == null || !now.isBefore(own.begins().plus(OWN_PERIOD)))) {
      own = make(now);
    }
    List<TicketKey> due = new ArrayList<>();
    current.ifPresent(due::add);
    Optional.ofNullable(own).filter(key -> now.isBefore(key.expires())).ifPresent(due::add);
    alive.stream().filter(key -> !due.contains(key)).forEach(due::add);
    return List.copyOf(due);
  }

  private TicketKey make(Instant now) {
    return new TicketKey(
        bytes(TicketKey.NAME_BYTES),
        bytes(TicketKey.SECRET_BYTES),
        now,
        now.plus(OWN_PERIOD.multipliedBy(2)));
  }

  private Bytes bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return Bytes.copyOf(bytes);
  }
}
