package dev.perigee.control.telemetry;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * The control plane's metrics in Prometheus' text format. They are counted elsewhere and read when
 * somebody asks; labels come from enums and words of the code alone.
 */
public final class ControlMetrics {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final List<Supplier<String>> texts = new CopyOnWriteArrayList<>();

  /** The registry alone would let them be collected. */
  private final List<DoubleSupplier> counts = new CopyOnWriteArrayList<>();

  /** Those of the process alone. */
  public ControlMetrics() {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
  }

  /** Adds a value. */
  public void gauge(String name, String description, DoubleSupplier value) {
    Gauge.builder(name, value::getAsDouble).description(description).register(registry);
  }

  /** Adds a value with one label. */
  public void gauge(
      String name, String description, String label, String labelValue, DoubleSupplier value) {
    Gauge.builder(name, value::getAsDouble)
        .description(description)
        .tag(label, labelValue)
        .register(registry);
  }

  /** Adds a count. */
  public void counter(String name, String description, DoubleSupplier value) {
    counts.add(value);
    FunctionCounter.builder(name, value, DoubleSupplier::getAsDouble)
        .description(description)
        .register(registry);
  }

  /** Adds a count with one label. */
  public void counter(
      String name, String description, String label, String labelValue, DoubleSupplier value) {
    counts.add(value);
    FunctionCounter.builder(name, value, DoubleSupplier::getAsDouble)
        .description(description)
        .tag(label, labelValue)
        .register(registry);
  }

  /** Adds families that somebody else writes in the same format. */
  public void text(Supplier<String> families) {
    texts.add(families);
  }

  /** All of them. */
  public String scrape() {
    StringBuilder all = new StringBuilder(registry.scrape());
    texts.forEach(text -> all.append(text.get()));
    return all.toString();
  }
}
