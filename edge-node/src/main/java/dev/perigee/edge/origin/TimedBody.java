package dev.perigee.edge.origin;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioExecutor;

/** The body of an answer that breaks off where nothing comes for too long though it is wanted. */
final class TimedBody implements BodySource, BodySource.Receiver {
  private final BodySource body;
  private final XnioExecutor thread;
  private final long idleMillis;
  private final InstantSource clock;
  private final Consumer<Boolean> over;
  private @Nullable Receiver receiver;
  private XnioExecutor.@Nullable Key timer;
  private long movedMillis;
  private boolean paused;
  private boolean ended;

  /**
   * @param over told once whether the body was read to its end
   */
  TimedBody(
      BodySource body,
      XnioExecutor thread,
      Duration idleTimeout,
      InstantSource clock,
      Consumer<Boolean> over) {
    this.body = body;
    this.thread = thread;
    this.idleMillis = idleTimeout.toMillis();
    this.clock = clock;
    this.over = over;
  }

  @Override
  public OptionalLong length() {
    return body.length();
  }

  @Override
  public FieldList trailers() {
    return body.trailers();
  }

  @Override
  public void deliver(Receiver to) {
    receiver = to;
    movedMillis = clock.millis();
    body.deliver(this);
    if (!ended) {
      watch(idleMillis);
    }
  }

  @Override
  public void resume() {
    paused = false;
    movedMillis = clock.millis();
    body.resume();
  }

  @Override
  public void cancel() {
    if (!ended) {
      finish();
      body.cancel();
      over.accept(false);
    }
  }

  @Override
  public boolean take(ByteBuffer part) {
    Receiver to = receiver;
    if (ended || to == null) {
      return false;
    }
    movedMillis = clock.millis();
    paused = !to.take(part);
    return !paused;
  }

  @Override
  public void end() {
    Receiver to = receiver;
    if (!ended && to != null) {
      finish();
      over.accept(true);
      to.end();
    }
  }

  @Override
  public void broken(String reason) {
    Receiver to = receiver;
    if (!ended && to != null) {
      finish();
      over.accept(false);
      to.broken(reason);
    }
  }

  private void watch(long millis) {
    timer = thread.executeAfter(this::check, Math.max(1, millis), TimeUnit.MILLISECONDS);
  }

  private void check() {
    if (ended) {
      return;
    }
    long idle = paused ? 0 : clock.millis() - movedMillis;
    if (idle < idleMillis) {
      watch(idleMillis - idle);
      return;
    }
    body.cancel();
    broken("the origin's answer stalled");
  }

  private void finish() {
    ended = true;
    XnioExecutor.Key key = timer;
    if (key != null) {
      key.remove();
      timer = null;
    }
  }
}
