package dev.perigee.edge.pipeline;

import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.limit.Ruling;
import java.util.function.Consumer;

/** Where requests are counted by the rate limits of their site: once each, and readers' alone. */
final class Limiting {
  static final String TOO_MANY = "There were too many requests. Try again later.";

  private final RateLimits limits;
  private final Consumer<Answer> refused;

  /**
   * @param refused answers what is one too many
   */
  Limiting(RateLimits limits, Consumer<Answer> refused) {
    this.limits = limits;
    this.refused = refused;
  }

  /** Whether the request may go on to the cache; else it is answered. */
  boolean admits(Answer answer, SiteConfig site) {
    return admits(answer, site, false);
  }

  /** Whether it may go on to the origin; else it is answered. */
  boolean admitsMiss(Answer answer, SiteConfig site) {
    return answer.limited().missed() || admits(answer, site, true);
  }

  private boolean admits(Answer answer, SiteConfig site, boolean missed) {
    if (site.limits().isEmpty() || !answer.exchange().isOfReader()) {
      return true;
    }
    Ruling ruling = limits.rule(site, answer.request(), answer.place(), missed);
    answer.limited(answer.limited().with(ruling, missed));
    boolean admitted = ruling instanceof Ruling.LetIn;
    if (!admitted) {
      refused.accept(answer);
    }
    return admitted;
  }
}
