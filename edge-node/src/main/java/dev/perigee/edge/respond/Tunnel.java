package dev.perigee.edge.respond;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.ByteStream;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Carries bytes both ways between a reader and an origin whose connection was switched to another
 * protocol; each way as fast as it is taken. Lives on their I/O thread; only {@link #sweep} and
 * {@link #end} come from elsewhere.
 */
public final class Tunnel {
  private final ByteStream client;
  private final ByteStream origin;
  private final Executor thread;
  private final Runnable over;
  private final Way fromClient;
  private final Way fromOrigin;
  private final AtomicLong moved = new AtomicLong();
  private long seen = -1;
  private long idleSinceMillis;
  private long touchedMillis;
  private boolean ended;

  /**
   * @param over called once when it has ended
   */
  public Tunnel(ByteStream client, ByteStream origin, Executor thread, Runnable over) {
    this.client = client;
    this.origin = origin;
    this.thread = thread;
    this.over = over;
    this.fromClient = new Way(client, origin);
    this.fromOrigin = new Way(origin, client);
  }

  /** Begins to carry, in both directions. */
  public void start() {
    origin.input().deliver(fromOrigin);
    client.input().deliver(fromClient);
  }

  /** Ends it, whatever is on its way. Any thread. */
  public void end() {
    thread.execute(this::close);
  }

  /**
   * Ends it where nothing has moved for too long. Called by one thread, about once a second.
   *
   * @param touchMillis after which a quiet connection is told that it is still wanted
   */
  public void sweep(long nowMillis, long idleMillis, long touchMillis) {
    long now = moved.get();
    if (now != seen) {
      seen = now;
      idleSinceMillis = nowMillis;
    }
    if (nowMillis - idleSinceMillis >= idleMillis) {
      end();
    } else if (nowMillis - touchedMillis >= touchMillis) {
      touchedMillis = nowMillis;
      thread.execute(
          () -> {
            client.touch();
            origin.touch();
          });
    }
  }

  private void close() {
    if (!ended) {
      ended = true;
      client.close();
      origin.close();
      over.run();
    }
  }

  /** One direction. */
  private final class Way implements BodySource.Receiver {
    private final ByteStream from;
    private final ByteStream to;
    private boolean done;

    Way(ByteStream from, ByteStream to) {
      this.from = from;
      this.to = to;
    }

    @Override
    public boolean take(ByteBuffer part) {
      moved.incrementAndGet();
      return to.write(part, from.input()::resume);
    }

    @Override
    public void end() {
      done = true;
      if (fromClient.done && fromOrigin.done) {
        thread.execute(Tunnel.this::close);
      } else {
        to.finish();
      }
    }

    @Override
    public void broken(String reason) {
      close();
    }
  }
}
