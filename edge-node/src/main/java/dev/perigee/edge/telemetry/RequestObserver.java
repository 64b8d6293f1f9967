package dev.perigee.edge.telemetry;

/** Takes the record of each request at its end; called on I/O threads, must not block. */
public interface RequestObserver {
  void ended(RequestRecord request);
}
