package dev.perigee.edge.geo;

import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.FromEdge.GeoOutcome;
import dev.perigee.contract.FromEdge.GeoReport;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.GeoKind;
import dev.perigee.contract.Limits;
import dev.perigee.edge.config.GeoSink;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes databases from the control plane: part after part into a temporary file, then checksum and
 * trial, then in force and last good on disk. A broken one changes nothing. All on one thread of
 * its own, so that the sync stream never waits for a disk or a trial.
 */
public final class GeoReceiver implements GeoSink, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GeoReceiver.class);

  /** Parts that may wait; the control plane sends fewer ahead of the reports. */
  private static final int MAX_WAITING = 2 * Limits.GEO_CHUNKS_AHEAD;

  private final GeoFolder folder;
  private final GeoLocator locator;
  private final long maxBytes;
  private final Map<GeoOutcome, LongAdder> outcomes = new ConcurrentHashMap<>();
  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MAX_WAITING),
          Thread.ofPlatform().name("edge-geo").daemon(true).factory());

  // Belong to the thread.
  private final Map<GeoKind, GeoReport> refused = new EnumMap<>(GeoKind.class);
  private @Nullable GeoTransfer transfer;

  private GeoReceiver(GeoFolder folder, GeoLocator locator, long maxBytes) {
    this.folder = folder;
    this.locator = locator;
    this.maxBytes = maxBytes;
  }

  /**
   * Puts the last good databases of the folder in force, and takes newer ones.
   *
   * @param maxBytes of one database; a larger one is refused; 0: none are taken, nor are those in
   *     the folder
   */
  public static GeoReceiver open(Path folder, GeoLocator locator, long maxBytes)
      throws IOException {
    GeoFolder own = new GeoFolder(folder);
    if (maxBytes > 0) {
      for (GeoKind kind : GeoKind.values()) {
        own.open(kind).ifPresent(locator::swap);
      }
    }
    return new GeoReceiver(own, locator, maxBytes);
  }

  @Override
  public List<GeoHolding> holdings() {
    return maxBytes == 0
        ? List.of()
        : Arrays.stream(GeoKind.values())
            .map(kind -> locator.holding(kind).orElseGet(() -> GeoHolding.none(kind)))
            .toList();
  }

  /** How many databases so far ended so. */
  public long count(GeoOutcome outcome) {
    LongAdder counted = outcomes.get(outcome);
    return counted == null ? 0 : counted.sum();
  }

  @Override
  public void take(GeoChunk chunk, Consumer<GeoReport> reports) {
    try {
      thread.execute(() -> received(chunk).ifPresent(reports));
    } catch (RejectedExecutionException e) {
      reports.accept(report(chunk, GeoOutcome.TORN, "parts came faster than they were written"));
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    try {
      if (!thread.awaitTermination(1, TimeUnit.SECONDS)) {
        LOG.warn("a GeoIP database is still being written");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What is to be said about a part; nothing about one that follows what was given up. */
  private Optional<GeoReport> received(GeoChunk chunk) {
    try {
      if (chunk.isNone()) {
        drop();
        return Optional.of(dropped(chunk));
      }
      if (chunk.offset() == 0) {
        drop();
        Optional<GeoReport> end = begin(chunk);
        if (end.isPresent()) {
          return end;
        }
      }
      GeoTransfer now = transfer;
      return now == null || !now.isOf(chunk) ? Optional.empty() : Optional.of(add(now, chunk));
    } catch (IOException e) {
      return Optional.of(torn(chunk, "it cannot be written: " + e.getMessage()));
    }
  }

  /** There is none of this kind any more: nothing of it is in force or left on disk. */
  private GeoReport dropped(GeoChunk chunk) throws IOException {
    folder.drop(chunk.kind());
    locator.drop(chunk.kind());
    refused.remove(chunk.kind());
    LOG.info("GeoIP database {} is dropped, the control plane has none", chunk.kind().token());
    return report(chunk, GeoOutcome.TAKEN, "");
  }

  /** Begins a transfer; what is said where there is no need of it, or no room for it. */
  private Optional<GeoReport> begin(GeoChunk chunk) throws IOException {
    GeoReport before = refused.get(chunk.kind());
    if (before != null && before.version().equals(chunk.version())) {
      return Optional.of(before);
    }
    if (chunk.size() > maxBytes) {
      String reason = chunk.size() + " bytes are more than --geoip-max-size " + maxBytes;
      return Optional.of(refuse(chunk, reason));
    }
    if (locator.holding(chunk.kind()).filter(h -> isOf(h, chunk)).isPresent()) {
      return Optional.of(report(chunk, GeoOutcome.TAKEN, ""));
    }
    if (folder.room() < chunk.size()) {
      return Optional.of(torn(chunk, "the disk has no room for its " + chunk.size() + " bytes"));
    }
    transfer = new GeoTransfer(chunk, folder.part(chunk.kind()));
    return Optional.empty();
  }

  private static boolean isOf(GeoHolding holding, GeoChunk chunk) {
    return holding.version().equals(chunk.version());
  }

  private GeoReport add(GeoTransfer now, GeoChunk chunk) throws IOException {
    if (!now.isNext(chunk)) {
      return torn(chunk, "a part is missing before byte " + chunk.offset());
    }
    now.write(chunk);
    if (!now.isWhole()) {
      return report(chunk, GeoOutcome.TAKING, "");
    }
    return now.isSound() ? tried(now, chunk) : torn(chunk, "its bytes have another SHA-256");
  }

  private GeoReport tried(GeoTransfer whole, GeoChunk last) throws IOException {
    GeoRecords fresh;
    try {
      fresh = GeoRecords.open(last.kind(), last.version(), whole.part());
      fresh.tryAll();
    } catch (IOException e) {
      drop();
      return refuse(last, String.valueOf(e.getMessage()));
    }
    folder.keep(last.kind(), last.version(), whole.part());
    locator.swap(fresh);
    GeoReport report = report(last, GeoOutcome.TAKEN, "");
    drop();
    counted(GeoOutcome.TAKEN);
    LOG.info("GeoIP database {} {} is in force", last.kind().token(), last.version());
    return report;
  }

  /** Whatever is wrong with this version stays wrong: it is not even received again. */
  private GeoReport refuse(GeoChunk chunk, String reason) {
    GeoReport report = report(chunk, GeoOutcome.REFUSED, reason);
    refused.put(chunk.kind(), report);
    counted(GeoOutcome.REFUSED);
    LOG.error(
        "GeoIP database {} refused, the one before goes on serving: {}",
        chunk.kind().token(),
        reason);
    return report;
  }

  private GeoReport torn(GeoChunk chunk, String reason) {
    GeoReport report = report(chunk, GeoOutcome.TORN, reason);
    try {
      drop();
    } catch (IOException e) {
      LOG.warn("what came of a GeoIP database cannot be deleted: {}", e.getMessage());
    }
    counted(GeoOutcome.TORN);
    LOG.warn("GeoIP database {} did not come whole: {}", chunk.kind().token(), reason);
    return report;
  }

  private void counted(GeoOutcome outcome) {
    outcomes.computeIfAbsent(outcome, any -> new LongAdder()).increment();
  }

  private GeoReport report(GeoChunk chunk, GeoOutcome outcome, String reason) {
    return new GeoReport(
        chunk.kind(), chunk.version(), outcome, chunk.offset() + chunk.content().length(), reason);
  }

  private void drop() throws IOException {
    GeoTransfer old = transfer;
    transfer = null;
    if (old != null) {
      old.close();
    }
  }
}
