package dev.perigee.control.stream;

import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.FromEdge.GeoReport;
import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.GeoKind;
import dev.perigee.contract.Limits;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides which part of which GeoIP database one edge is sent next: none that it has, none that it
 * refused, and never more than two parts ahead of its reports, so that a purge waits behind little.
 */
final class GeoPlan {
  /** What the node has, of the kinds that it takes. */
  private final Map<GeoKind, String> has = new EnumMap<>(GeoKind.class);

  private final Map<GeoKind, String> refused = new EnumMap<>(GeoKind.class);
  private final Map<GeoKind, Pause> pauses = new EnumMap<>(GeoKind.class);
  private final boolean drops;
  private @Nullable GeoFile current;
  private boolean begun;
  private long sent;
  private long received;

  /** After so many transfers in a row that were torn, none until then. */
  private record Pause(int torn, Instant until) {}

  /**
   * For a node that holds these.
   *
   * @param drops whether it understands that there is none of a kind any more
   */
  GeoPlan(List<GeoHolding> held, boolean drops) {
    this.drops = drops;
    held.forEach(holding -> has.put(holding.kind(), holding.version()));
  }

  /** The next part; empty while the node is not ready for one, or has everything. */
  Optional<GeoChunk> next(List<GeoFile> files, Instant now) {
    GeoFile file = current;
    if (file == null || !isAmong(files, file)) {
      file = files.stream().filter(f -> isWanted(f, now)).findFirst().orElse(null);
      current = file;
      begun = false;
      sent = 0;
      received = 0;
    }
    long ahead = sent - received;
    boolean waits = ahead >= (long) Limits.GEO_CHUNKS_AHEAD * Limits.GEO_CHUNK_BYTES;
    if (file == null || waits || (begun && sent == file.size())) {
      return Optional.empty();
    }
    GeoChunk chunk = file.chunk(sent);
    begun = true;
    sent += chunk.content().length();
    return Optional.of(chunk);
  }

  /** The node said how far it came. */
  void reported(GeoReport report, Instant now) {
    GeoFile file = current;
    if (file == null || file.kind() != report.kind() || !file.version().equals(report.version())) {
      return; // about one that was given up meanwhile
    }
    switch (report.outcome()) {
      case TAKING -> received = Math.clamp(report.received(), received, sent);
      case TAKEN -> {
        has.put(file.kind(), file.version());
        pauses.remove(file.kind());
        current = null;
      }
      case TORN -> {
        int torn = Optional.ofNullable(pauses.get(file.kind())).map(Pause::torn).orElse(0) + 1;
        // The first time waits too: what tore it may still be so.
        pauses.put(file.kind(), new Pause(torn, now.plus(NackPolicy.wait(torn + 1))));
        current = null;
      }
      case REFUSED -> {
        refused.put(file.kind(), file.version());
        current = null;
      }
    }
  }

  private boolean isWanted(GeoFile file, Instant now) {
    String own = has.get(file.kind());
    Pause pause = pauses.get(file.kind());
    return own != null
        && !own.equals(file.version())
        && (drops || !file.isNone())
        && !file.version().equals(refused.get(file.kind()))
        && (pause == null || !now.isBefore(pause.until()));
  }

  private static boolean isAmong(List<GeoFile> files, GeoFile file) {
    return files.stream()
        .anyMatch(f -> f.kind() == file.kind() && f.version().equals(file.version()));
  }
}
