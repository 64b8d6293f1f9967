package dev.perigee.edge.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;

/**
 * The node's metrics in Prometheus' text format. Labels come from enums alone, so the number of
 * series is bounded whatever readers send.
 */
public final class EdgeMetrics implements RequestObserver {
  private static final int CLASSES = 6;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Map<RequestRecord.Outcome, Counter[]> requests =
      new EnumMap<>(RequestRecord.Outcome.class);
  private final Counter bytes;
  private final Timer duration;
  private final LongAdder ended = new LongAdder();
  private final SiteTally sites = new SiteTally();

  public EdgeMetrics() {
    for (RequestRecord.Outcome outcome : RequestRecord.Outcome.values()) {
      Counter[] byClass = new Counter[CLASSES];
      for (int i = 0; i < CLASSES; i++) {
        byClass[i] =
            Counter.builder("perigee.requests")
                .description("Requests by how they were answered.")
                .tag("outcome", outcome.word())
                .tag("status", i == 0 ? "other" : i + "xx")
                .register(registry);
      }
      requests.put(outcome, byClass);
    }
    bytes =
        Counter.builder("perigee.response.bytes")
            .description("Bytes of bodies written to readers.")
            .register(registry);
    duration =
        Timer.builder("perigee.request.duration")
            .description("From a request's first stage to the end of its response.")
            .register(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
  }

  @Override
  public void ended(RequestRecord request) {
    int byClass = request.status() / 100;
    Counter[] counters = requests.get(request.outcome());
    if (counters != null) {
      counters[byClass > 0 && byClass < CLASSES ? byClass : 0].increment();
    }
    bytes.increment((double) request.bytes());
    duration.record(request.nanos(), TimeUnit.NANOSECONDS);
    ended.increment();
    sites.ended(request);
  }

  /** What each site's readers were answered, for heartbeats. */
  public SiteTally sites() {
    return sites;
  }

  /** Adds a value that is read when metrics are asked for. */
  public void gauge(String name, String description, DoubleSupplier value) {
    Gauge.builder(name, value::getAsDouble).description(description).register(registry);
  }

  /** The same with one label. */
  public void gauge(
      String name, String description, String label, String labelValue, DoubleSupplier value) {
    Gauge.builder(name, value::getAsDouble)
        .description(description)
        .tag(label, labelValue)
        .register(registry);
  }

  /** Adds a count, kept elsewhere, that is read when metrics are asked for. */
  public void counter(String name, String description, DoubleSupplier value) {
    // The registry holds what it asks weakly, and a supplier is held by nobody else: it would be
    // collected, and the counter stand still.
    FunctionCounter.builder(name, this, held -> value.getAsDouble())
        .description(description)
        .register(registry);
  }

  /** The same with one label. */
  public void counter(
      String name, String description, String label, String labelValue, DoubleSupplier value) {
    FunctionCounter.builder(name, this, held -> value.getAsDouble())
        .description(description)
        .tag(label, labelValue)
        .register(registry);
  }

  /** Requests ended since the start. */
  public long requestsEnded() {
    return ended.sum();
  }

  /** All metrics in Prometheus' text format. */
  public String scrape() {
    return registry.scrape();
  }
}
