package dev.perigee.edge.listener;

import java.time.Duration;

/**
 * What one client may take of the node: connections and requests of its address, time for what it
 * sends and takes, and frames of HTTP/2 that cost the node more than the client.
 *
 * @param addressConnections open ones of one address
 * @param addressRequests being answered, of one address
 * @param ipv4Bits of an IPv4 address that make out one client
 * @param ipv6Bits of an IPv6 address that make out one client
 * @param bodyPace of requests' bodies
 * @param readerPace of responses
 * @param streams of one HTTP/2 connection at once
 * @param resets of streams, by either end, in {@link #FRAME_WINDOW}
 * @param controlFrames of one kind in {@link #FRAME_WINDOW}
 * @param handshakes under way on all ports
 * @param addressBytesPerSecond that go to one address; 0 for any
 * @param unsentBytes that wait in the system to be sent on one connection; 0 for as many as it
 *     likes
 */
public record DoorLimits(
    int addressConnections,
    int addressRequests,
    int ipv4Bits,
    int ipv6Bits,
    Pace bodyPace,
    Pace readerPace,
    int streams,
    int resets,
    int controlFrames,
    int handshakes,
    long addressBytesPerSecond,
    int unsentBytes) {
  /** For which frames are counted. */
  static final Duration FRAME_WINDOW = Duration.ofSeconds(30);

  /** Before a slow client is told so. */
  private static final Duration GRACE = Duration.ofSeconds(10);

  /** For nodes with 100000 connections. */
  public static final DoorLimits DEFAULT =
      new DoorLimits(
          10_000,
          10_000,
          32,
          64,
          new Pace(256, GRACE, Duration.ofSeconds(60)),
          new Pace(256, GRACE, Duration.ofSeconds(60)),
          128,
          200,
          1000,
          25_000,
          0,
          128 * 1024);

  /**
   * How slow a peer may be that bytes are awaited from, or that is to take some.
   *
   * @param bytesPerSecond at least, over time; 0 for any
   * @param grace the time it has before anything has moved
   * @param most the time that it can have saved up by having been faster
   */
  public record Pace(long bytesPerSecond, Duration grace, Duration most) {}
}
