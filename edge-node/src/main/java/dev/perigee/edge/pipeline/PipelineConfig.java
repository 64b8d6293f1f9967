package dev.perigee.edge.pipeline;

import dev.perigee.edge.policy.LoadConfig;
import dev.perigee.edge.respond.TunnelConfig;
import dev.perigee.edge.respond.coding.CodingConfig;

/**
 * Settings of the pipeline.
 *
 * @param name this network's name in Via and Cache-Status
 * @param windowBytes bytes of one fill held in memory
 * @param fillMemoryBytes bytes of all fills together; past it each holds next to none, past twice
 *     as much no fetch begins
 * @param maxFlights flights that can be joined
 * @param lonelyBytes what a fetch may still have to receive to be finished for the store alone,
 *     once every reader has left
 * @param sliceBytes of the slices in which large bodies are fetched for ranges; 0 for never
 * @param stragglerMillis how long one reader may hold others up where nothing is stored
 * @param tunnels limits of connections that were switched to another protocol
 * @param load how much of the node one site may have
 * @param coding limits of compressing and decompressing
 */
public record PipelineConfig(
    String name,
    int windowBytes,
    long fillMemoryBytes,
    int maxFlights,
    long lonelyBytes,
    long sliceBytes,
    long stragglerMillis,
    TunnelConfig tunnels,
    LoadConfig load,
    CodingConfig coding) {
  /** With the usual limits of tunnels, sites and compressing. */
  public PipelineConfig(
      String name,
      int windowBytes,
      long fillMemoryBytes,
      int maxFlights,
      long lonelyBytes,
      long sliceBytes,
      long stragglerMillis) {
    this(
        name,
        windowBytes,
        fillMemoryBytes,
        maxFlights,
        lonelyBytes,
        sliceBytes,
        stragglerMillis,
        TunnelConfig.DEFAULT,
        LoadConfig.DEFAULT,
        CodingConfig.DEFAULT);
  }

  /** In Via and Cache-Status. */
  public static final String NAME = "perigee";

  /** Usual size of a slice. */
  public static final long SLICE_BYTES = 4L << 20;

  /** Usually worth finishing for the store alone. */
  public static final long LONELY_BYTES = 8L << 20;
}
