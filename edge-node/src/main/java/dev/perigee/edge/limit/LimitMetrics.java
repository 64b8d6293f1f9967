package dev.perigee.edge.limit;

import java.util.function.ToLongFunction;

/**
 * What each rate limit let in and what was over it, in Prometheus' text format. The labels come
 * from the configuration alone, and of more limits than {@link #LIMITS} the rest is left out.
 */
public final class LimitMetrics {
  private static final int LIMITS = 10_000;

  private final RateLimits limits;

  public LimitMetrics(RateLimits limits) {
    this.limits = limits;
  }

  /** All of them. */
  public String scrape() {
    StringBuilder out = new StringBuilder();
    family(out, "perigee_limit_let_in_total", "Requests within a limit.", LimitRule::letIn);
    family(
        out,
        "perigee_limit_over_total",
        "Requests over a limit: refused, or let in where it only logs.",
        LimitRule::over);
    return out.toString();
  }

  private void family(StringBuilder out, String name, String help, ToLongFunction<LimitRule> of) {
    out.append("# HELP ").append(name).append(' ').append(help).append('\n');
    out.append("# TYPE ").append(name).append(" counter\n");
    int count = 0;
    for (RateLimits.SiteLimits site : limits.all()) {
      for (LimitRule rule : site.rules()) {
        if (count++ == LIMITS) {
          return;
        }
        out.append(name).append("{site=\"").append(rule.site()).append("\",limit=\"");
        out.append(rule.rule().name()).append("\",action=\"");
        out.append(rule.rule().action().token()).append("\"} ");
        out.append(of.applyAsLong(rule)).append('\n');
      }
    }
  }
}
