package dev.perigee.edge.respond.coding;

/**
 * Limits of compressing and decompressing on a node.
 *
 * @param threads that compress
 * @param queue bodies that wait for one of them; further ones are tried again when they are next
 *     asked for
 * @param mostBytes of a body that is compressed; each thread has twice as much in memory
 * @param decodings responses that are decompressed at once; further ones get 503
 * @param mostRatio how many times larger than what came decompressed content may be, past its first
 *     MiB
 * @param mostDecodedBytes of one decompressed body
 */
public record CodingConfig(
    int threads, int queue, long mostBytes, int decodings, int mostRatio, long mostDecodedBytes) {
  /** Usual size of the queue. */
  public static final int QUEUE = 256;

  /** Usually the largest body that is compressed. */
  public static final long MOST_BYTES = 8L << 20;

  /** Usually so many responses are decompressed at once; brotli wants up to 16 MiB for each. */
  public static final int DECODINGS = 64;

  /** Usually so much larger: gzip itself does no more. */
  public static final int MOST_RATIO = 1000;

  /** Usual limit of a decompressed body. */
  public static final long MOST_DECODED_BYTES = 1L << 30;

  /** The usual limits, with one thread. */
  public static final CodingConfig DEFAULT =
      new CodingConfig(1, QUEUE, MOST_BYTES, DECODINGS, MOST_RATIO, MOST_DECODED_BYTES);
}
