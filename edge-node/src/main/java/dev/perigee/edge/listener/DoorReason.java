package dev.perigee.edge.listener;

import java.util.Locale;

/** Why the door turned a client away, ended its connection, or let it wait. */
public enum DoorReason {
  ADDRESS_CONNECTIONS("The address has as many connections open as it may."),
  ADDRESS_REQUESTS("As many requests of the address are being answered as may."),
  ADDRESS_BANDWIDTH("A part of a response waited, for its address had as much as it may."),
  NODE_REQUESTS("The node answers as many requests as it may."),
  SLOW_BODY("A request's body came too slowly."),
  SLOW_READER("A response was taken too slowly."),
  HANDSHAKES("As many handshakes were under way as may."),
  HANDSHAKE_TIMEOUT("A handshake did not end in time."),
  HTTP2_STREAMS("As many requests of the connection are being answered as may."),
  HTTP2_RESETS("The client reset more streams than it may."),
  HTTP2_MADE_RESETS("The client made the node reset more streams than it may."),
  HTTP2_PINGS("More PING frames came than may."),
  HTTP2_SETTINGS("More SETTINGS frames came than may."),
  HTTP2_PRIORITIES("More frames of priority came than may."),
  HTTP2_EMPTY_DATA("More empty DATA frames came than may."),
  HTTP2_WINDOW_UPDATES("More WINDOW_UPDATE frames came than data went."),
  HTTP2_UNKNOWN("More frames of an unknown kind came than may."),
  HTTP2_CONTINUATIONS("A head came in more frames than it may, or was larger."),
  HTTP2_STALLED("A client gave no window for its responses.");

  private final String sentence;

  DoorReason(String sentence) {
    this.sentence = sentence;
  }

  public String sentence() {
    return sentence;
  }

  /** The metric's label. */
  public String token() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
