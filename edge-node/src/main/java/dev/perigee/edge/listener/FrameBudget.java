package dev.perigee.edge.listener;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Decides whether an HTTP/2 connection's frames are more than a client needs (RFC 9113, section
 * 10.5). Counts those that cost the node more than they cost the client, in windows of {@link
 * DoorLimits#FRAME_WINDOW}; HEADERS and DATA with something in them are bounded elsewhere.
 */
final class FrameBudget {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PUSH_PROMISE = 5;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;
  static final int PRIORITY_UPDATE = 16;

  private static final int END_STREAM = 1;
  private static final int ACK = 1;
  private static final int END_HEADERS = 4;

  /** Frames of one head: at the least frame size a whole head of the usual limit takes two. */
  private static final int MOST_CONTINUATIONS = 16;

  /** WINDOW_UPDATE frames to each frame of data that went. */
  private static final int UPDATES_EACH = 8;

  private final int resets;
  private final int controlFrames;
  private final int headOctets;
  private final Map<DoorReason, Integer> counts = new EnumMap<>(DoorReason.class);
  private long windowEnd;
  private long dataSent;
  private long updates;
  private int continuations;
  private long headSize;

  /**
   * @param headOctets of one head, as it is packed
   */
  FrameBudget(DoorLimits limits, int headOctets, long nowNanos) {
    this.resets = limits.resets();
    this.controlFrames = limits.controlFrames();
    this.headOctets = headOctets;
    this.windowEnd = nowNanos + DoorLimits.FRAME_WINDOW.toNanos();
  }

  /** What is too much with this frame of the client, if anything. */
  Optional<DoorReason> received(int type, int flags, int length, long nowNanos) {
    return switch (type) {
      case DATA ->
          length == 0 && (flags & END_STREAM) == 0
              ? count(DoorReason.HTTP2_EMPTY_DATA, controlFrames, nowNanos)
              : Optional.empty();
      case HEADERS -> head(0, flags, length);
      case CONTINUATION -> head(continuations + 1, flags, length);
      case PRIORITY, PRIORITY_UPDATE -> count(DoorReason.HTTP2_PRIORITIES, controlFrames, nowNanos);
      case RST_STREAM -> count(DoorReason.HTTP2_RESETS, resets, nowNanos);
      case SETTINGS -> acknowledged(DoorReason.HTTP2_SETTINGS, flags, nowNanos);
      case PING -> acknowledged(DoorReason.HTTP2_PINGS, flags, nowNanos);
      case WINDOW_UPDATE -> {
        updates++;
        yield updates > controlFrames + dataSent * UPDATES_EACH
            ? Optional.of(DoorReason.HTTP2_WINDOW_UPDATES)
            : Optional.empty();
      }
      case GOAWAY, PUSH_PROMISE -> Optional.empty();
      default -> count(DoorReason.HTTP2_UNKNOWN, controlFrames, nowNanos);
    };
  }

  /** The same with this frame of the node's, which the client has made it send. */
  Optional<DoorReason> sent(int type, long nowNanos) {
    if (type == DATA) {
      dataSent++;
    }
    return type == RST_STREAM
        ? count(DoorReason.HTTP2_MADE_RESETS, resets, nowNanos)
        : Optional.empty();
  }

  private Optional<DoorReason> acknowledged(DoorReason reason, int flags, long nowNanos) {
    return (flags & ACK) == 0 ? count(reason, controlFrames, nowNanos) : Optional.empty();
  }

  private Optional<DoorReason> head(int frames, int flags, int length) {
    continuations = frames;
    headSize = frames == 0 ? length : headSize + length;
    boolean fits = continuations <= MOST_CONTINUATIONS && headSize <= headOctets;
    if (fits || (frames == 0 && (flags & END_HEADERS) != 0)) {
      return Optional.empty();
    }
    return Optional.of(DoorReason.HTTP2_CONTINUATIONS);
  }

  private Optional<DoorReason> count(DoorReason reason, int most, long nowNanos) {
    if (nowNanos - windowEnd > 0) {
      counts.clear();
      windowEnd = nowNanos + DoorLimits.FRAME_WINDOW.toNanos();
    }
    return counts.merge(reason, 1, Integer::sum) > most ? Optional.of(reason) : Optional.empty();
  }
}
