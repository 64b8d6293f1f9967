package dev.perigee.edge;

import dev.perigee.edge.config.ActiveConfig;
import dev.perigee.edge.config.Serving;
import dev.perigee.edge.config.ServingState;
import dev.perigee.edge.listener.AdminListener;
import dev.perigee.edge.store.ChronicleResponseStore;

/** How the node is, for who looks at its admin port. */
final class HealthPage {
  private HealthPage() {}

  static AdminListener.Page of(
      EdgeOptions options,
      ServingState serving,
      ActiveConfig active,
      ChronicleResponseStore store) {
    Serving now = serving.get();
    String body =
        ("{\"node\":\"%s\",\"serving\":\"%s\",\"detail\":\"%s\",\"connected\":%s,"
                + "\"revision\":%d,\"purge\":%d,\"store\":\"%s\"}\n")
            .formatted(
                options.name,
                now,
                now.sentence(),
                serving.isConnected(),
                active.get().revision(),
                store.lastPurge(),
                store.problem().isPresent() ? "none" : "open");
    return new AdminListener.Page(now == Serving.NOTHING ? 503 : 200, "application/json", body);
  }
}
