package dev.perigee.edge.origin.pool;

import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Each server's figures in Prometheus' text format. Their labels come from the configuration alone,
 * and of more servers than {@link #SERVERS} the rest is left out.
 */
public final class OriginMetrics {
  private static final int SERVERS = 10_000;

  private final OriginTable table;

  public OriginMetrics(OriginTable table) {
    this.table = table;
  }

  /** All of them. */
  public String scrape(long nowMillis) {
    StringBuilder out = new StringBuilder();
    family(
        out,
        "perigee_origin_server_well gauge Whether it is asked.",
        state -> state.standing(nowMillis) == Standing.WELL ? 1 : 0);
    family(out, "perigee_origin_server_active gauge Requests under way.", ServerState::active);
    family(
        out,
        "perigee_origin_server_latency_seconds gauge To the head of an answer, moving average.",
        state -> state.latencyMicros(nowMillis) / 1e6);
    family(out, "perigee_origin_server_requests_total counter Attempts.", ServerState::requests);
    family(
        out,
        "perigee_origin_server_failures_total counter Without an answer, or with one of 5xx.",
        ServerState::failures);
    return out.toString();
  }

  /**
   * One metric of all servers.
   *
   * @param head name, type and description, divided by spaces
   */
  private void family(StringBuilder out, String head, ToDoubleFunction<ServerState> value) {
    String[] words = head.split(" ", 3);
    out.append("# HELP ").append(words[0]).append(' ').append(words[2]).append('\n');
    out.append("# TYPE ").append(words[0]).append(' ').append(words[1]).append('\n');
    int count = 0;
    for (SitePools site : table.all()) {
      for (ServerPool pool : site.all()) {
        for (int i = 0; i < pool.size() && count < SERVERS; i++, count++) {
          ServerState state = pool.server(i);
          out.append(
              String.format(
                  Locale.ROOT,
                  "%s{site=\"%s\",pool=\"%s\",server=\"%s\"} %s\n",
                  words[0],
                  pool.site(),
                  pool.config().name(),
                  state.url(),
                  value.applyAsDouble(state)));
        }
      }
    }
  }
}
