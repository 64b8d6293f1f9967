package dev.perigee.edge.request;

/**
 * How far a node has come in the log of purges.
 *
 * @param logId which log the number counts in; empty before the first
 * @param number of the last purge in force; 0 for none
 */
public record PurgePosition(String logId, long number) {
  /** Nothing known. */
  public static final PurgePosition NONE = new PurgePosition("", 0);

  /** Whether everything up to {@code other} is in force here; never across two logs. */
  public boolean covers(PurgePosition other) {
    return logId.equals(other.logId) && number >= other.number;
  }
}
