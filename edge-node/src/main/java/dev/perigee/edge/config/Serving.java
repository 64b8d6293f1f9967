package dev.perigee.edge.config;

/** How much the node may serve, by how well it is in step with the control plane. */
public enum Serving {
  EVERYTHING("In step, or out of step for less than it may be."),
  NO_HITS("Purges are known to be missing: every answer comes from the origin."),
  NOTHING("Out of step for longer than serve-unsynced allows.");

  private final String sentence;

  Serving(String sentence) {
    this.sentence = sentence;
  }

  public String sentence() {
    return sentence;
  }
}
