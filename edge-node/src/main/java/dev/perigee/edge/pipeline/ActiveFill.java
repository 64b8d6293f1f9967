package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.collapse.Fill;
import dev.perigee.edge.collapse.WindowBudget;
import dev.perigee.edge.request.BodySource;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/**
 * The leader's side of a fill: carries the origin's bytes into it, and ends it. Lives on the I/O
 * thread of the fetch; only {@link #sweep} and what the fill calls back come from elsewhere.
 */
final class ActiveFill implements BodySource.Receiver {
  private final BodySource source;
  private final Optional<ResponseWriter> writer;
  private final Executor thread;
  private final OptionalLong length;
  private final LongFunction<Optional<StoredMeta>> part;
  private final long lonelyBytes;
  private final Consumer<ActiveFill> over;
  private final Fill fill;
  private boolean ended;
  private volatile long stuckSince = Long.MAX_VALUE;
  private volatile boolean paused;

  /**
   * @param length of the body, announced or to be checked
   * @param part what may be kept where only so many bytes came
   * @param over called once when nobody should join any more: it is stored, refused or broken
   */
  ActiveFill(
      BodySource source,
      Optional<ResponseWriter> writer,
      Executor thread,
      PipelineConfig config,
      WindowBudget budget,
      OptionalLong length,
      LongFunction<Optional<StoredMeta>> part,
      Consumer<ActiveFill> over) {
    this.source = source;
    this.writer = writer;
    this.thread = thread;
    this.length = length;
    this.part = part;
    this.lonelyBytes = config.lonelyBytes();
    this.over = over;
    this.fill =
        new Fill(
            writer,
            budget,
            () ->
                thread.execute(
                    () -> {
                      paused = false;
                      source.resume();
                    }),
            this::readerLeft);
  }

  Fill fill() {
    return fill;
  }

  void start() {
    source.deliver(this);
  }

  /** Does not begin: it is for nobody. */
  void drop() {
    source.cancel();
    stop();
  }

  /** Whether its end has come already. */
  boolean isEnded() {
    return ended;
  }

  @Override
  public boolean take(ByteBuffer part) {
    boolean more = fill.offer(part);
    paused = !more;
    return more;
  }

  @Override
  public void end() {
    if (length.orElse(fill.received()) != fill.received()) {
      stop();
      return;
    }
    ended = true;
    if (writer.isPresent()) {
      writer.get().complete(stored -> over.accept(this));
      fill.finish(source.trailers());
    } else {
      fill.finish(source.trailers());
      over.accept(this);
    }
  }

  @Override
  public void broken(String reason) {
    stop();
  }

  /** A reader left: the fetch ends when it is for nobody any more. Any thread. */
  private void readerLeft() {
    thread.execute(
        () -> {
          if (!ended && fill.readers() == 0 && !isWorthFinishing()) {
            source.cancel();
            stop();
          }
        });
  }

  private boolean isWorthFinishing() {
    return fill.isStoring()
        && length.isPresent()
        && length.getAsLong() - fill.received() <= lonelyBytes;
  }

  private void stop() {
    if (ended) {
      return;
    }
    ended = true;
    Optional<StoredMeta> kept = fill.isStoring() ? part.apply(fill.received()) : Optional.empty();
    fill.breakOff();
    if (writer.isPresent() && kept.isPresent()) {
      writer.get().completePart(kept.get(), stored -> over.accept(this));
    } else {
      writer.ifPresent(ResponseWriter::abort);
      over.accept(this);
    }
  }

  /** Cuts off a reader that has held up the others for too long. Any thread. */
  void sweep(long nowMillis, long stragglerMillis) {
    if (!paused) {
      stuckSince = Long.MAX_VALUE;
    } else if (stuckSince == Long.MAX_VALUE) {
      stuckSince = nowMillis;
    } else if (nowMillis - stuckSince >= stragglerMillis && fill.cutStraggler()) {
      stuckSince = Long.MAX_VALUE;
    }
  }
}
