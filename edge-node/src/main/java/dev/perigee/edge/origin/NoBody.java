package dev.perigee.edge.origin;

import dev.perigee.edge.request.BodySource;
import java.util.OptionalLong;

/**
 * The body of a response that has none, whatever its head says about a length.
 *
 * @param close ends the connection, on which Undertow's client waits for that length
 */
record NoBody(Runnable close) implements BodySource {
  @Override
  public OptionalLong length() {
    return OptionalLong.of(0);
  }

  @Override
  public void deliver(Receiver receiver) {
    close.run();
    receiver.end();
  }

  @Override
  public void resume() {}

  @Override
  public void cancel() {
    close.run();
  }
}
