package dev.perigee.edge.cache;

import java.util.Locale;

/** Why the store does not keep a response. */
public enum StoreReason {
  TOO_LARGE("The body is larger than the store keeps."),
  FULL("No room could be made: everything is being read or written."),
  PURGED("A purge covers it that came after its fetch began."),
  GONE("It was evicted or replaced meanwhile."),
  BROKEN("The disk or the map failed."),
  OPENING("The part of the store that it belongs to is not open yet."),
  BUSY("More is waiting to be written than the store's queue takes.");

  private final String sentence;

  StoreReason(String sentence) {
    this.sentence = sentence;
  }

  public String sentence() {
    return sentence;
  }

  /** As it stands in Cache-Status, metrics and logs. */
  public String token() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
