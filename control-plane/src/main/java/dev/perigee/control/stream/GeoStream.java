package dev.perigee.control.stream;

import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.FromEdge.GeoReport;
import dev.perigee.contract.GeoFile;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Brings one connected edge the GeoIP databases that it takes and has not, on a virtual thread of
 * its own beside {@link EdgeStream}: so purges and changes wait behind one part at most, whatever
 * becomes of it.
 */
final class GeoStream implements Runnable {
  private static final long LOOK_MILLIS = 5_000;

  private final Outgoing out;
  private final Supplier<List<GeoFile>> files;
  private final InstantSource clock;
  private final GeoPlan plan;

  GeoStream(
      Outgoing out, Supplier<List<GeoFile>> files, InstantSource clock, FromEdge.Hello hello) {
    this.out = out;
    this.files = files;
    this.clock = clock;
    this.plan = new GeoPlan(hello.geo(), hello.features().contains(FromEdge.Hello.GEO_NONE));
  }

  @Override
  public void run() {
    try {
      while (!out.isOver()) {
        Optional<GeoChunk> next = next();
        if (next.isPresent()) {
          out.sendWhenReady(WireMessage.of(next.get()));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the stream is over
    }
  }

  /** The next part, as soon as there is one; nothing once the stream is over. */
  private synchronized Optional<GeoChunk> next() throws InterruptedException {
    Optional<GeoChunk> next = plan.next(files.get(), clock.instant());
    while (next.isEmpty() && !out.isOver()) {
      wait(LOOK_MILLIS);
      next = plan.next(files.get(), clock.instant());
    }
    return next;
  }

  /** The edge said how far it came. Called by the call's thread. */
  synchronized void reported(GeoReport report) {
    plan.reported(report, clock.instant());
    notifyAll();
  }
}
