package dev.perigee.control.fleet;

/**
 * What the control planes make of a node by their probes of its port for readers.
 *
 * @param reached how many of those that vote reach it
 * @param unreached how many of those that vote do not, though they once did
 * @param unheard how many live and are not heard, so that nobody knows their vote
 */
public record Probed(int reached, int unreached, int unheard) {
  /** Nobody says anything. */
  public static final Probed NONE = new Probed(0, 0, 0);

  /** Whether more than half of all that might vote do not reach it. */
  public boolean isDown() {
    return Judgement.areMost(unreached, reached + unreached + unheard);
  }
}
