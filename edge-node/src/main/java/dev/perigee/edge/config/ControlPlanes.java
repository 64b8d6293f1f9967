package dev.perigee.edge.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where control planes may be: those that the operator named, and those that the last one that was
 * reached told of, which are kept on disk. They are tried in rounds, each in another order, so that
 * the nodes of one that died do not all run to the same; the one that was left is tried last.
 *
 * <p>Belongs to the sync thread.
 */
final class ControlPlanes {
  private static final Logger LOG = LoggerFactory.getLogger(ControlPlanes.class);
  private static final int MAX_FILE_BYTES = 64 * 1024;

  private final List<ControlAddress> named;
  private final Path file;
  private final RandomGenerator random;
  private final Deque<ControlAddress> round = new ArrayDeque<>();
  private List<ControlAddress> told;
  private @Nullable ControlAddress last;

  /**
   * Begins with what was told before.
   *
   * @param file where that is kept; one that cannot be read is as good as none
   */
  ControlPlanes(List<ControlAddress> named, Path file, RandomGenerator random) {
    this.named = List.copyOf(named);
    this.file = file;
    this.random = random;
    this.told = read(file);
  }

  /** The next to be tried. */
  ControlAddress next() {
    if (round.isEmpty()) {
      begin();
    }
    ControlAddress next = round.remove();
    last = next;
    return next;
  }

  /** Whether all were tried since one was reached. */
  boolean isRoundOver() {
    return round.isEmpty();
  }

  /** Whether there is another one to go to. */
  boolean isChoice() {
    return named.size() > 1 || told.stream().anyMatch(one -> !named.contains(one));
  }

  /** The one that was given last answers: where it is lost, all are tried, it the last. */
  void reached() {
    begin();
  }

  /** Where they are now; what is no address is left out. */
  void told(List<String> addresses) {
    List<ControlAddress> now =
        addresses.stream().flatMap(text -> ControlAddress.parse(text).stream()).toList();
    if (now.equals(told)) {
      return;
    }
    told = now;
    begin();
    LOG.info("control planes: {}", now);
    try {
      String text = String.join("\n", now.stream().map(ControlAddress::toString).toList());
      StateFile.replace(file, text.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      LOG.warn("where the control planes are cannot be kept: {}", e.getMessage());
    }
  }

  private void begin() {
    round.clear();
    List<ControlAddress> first = new ArrayList<>(told);
    List<ControlAddress> then = new ArrayList<>(named);
    then.removeAll(told);
    Random order = Random.from(random);
    Collections.shuffle(first, order);
    Collections.shuffle(then, order);
    round.addAll(first);
    round.addAll(then);
    ControlAddress left = last;
    if (left != null && round.remove(left)) {
      round.add(left);
    }
  }

  private static List<ControlAddress> read(Path file) {
    try {
      if (!Files.exists(file) || Files.size(file) > MAX_FILE_BYTES) {
        return List.of();
      }
      return Files.readString(file, StandardCharsets.US_ASCII)
          .lines()
          .map(ControlAddress::parse)
          .flatMap(Optional::stream)
          .toList();
    } catch (IOException e) {
      LOG.warn("{} cannot be read: {}", file, e.getMessage());
      return List.of();
    }
  }
}
