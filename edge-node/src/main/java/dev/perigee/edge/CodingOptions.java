package dev.perigee.edge;

import dev.perigee.edge.respond.coding.CodingConfig;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The limits of compressing and decompressing, each with its key; part of {@link LimitOptions}. */
final class CodingOptions {
  private static final int MOST_THREADS = 64;
  private static final int MOST_QUEUE = 100_000;
  private static final long LEAST_SIZE = 64 << 10;
  private static final long MOST_SIZE = 64L << 20;

  @Option(
      names = "--compress-threads",
      description =
          "Threads that compress what is stored. Default a quarter of the processors, one at"
              + " least.")
  @Nullable Integer threads;

  @Option(
      names = "--compress-queue",
      defaultValue = "" + CodingConfig.QUEUE,
      description =
          "Bodies that wait for one of these threads; further ones are tried again when they are"
              + " next asked for. Default ${DEFAULT-VALUE}.")
  int queue = CodingConfig.QUEUE;

  @Option(
      names = "--compress-max-size",
      defaultValue = "8m",
      converter = EdgeOptions.SizeConverter.class,
      description =
          "Bytes of a body that is compressed at most; each thread has twice as much in memory."
              + " Default ${DEFAULT-VALUE}.")
  ByteSize mostBytes = new ByteSize(CodingConfig.MOST_BYTES);

  @Option(
      names = "--max-decompressions",
      defaultValue = "" + CodingConfig.DECODINGS,
      description =
          "Responses that are decompressed at once, for readers who do not take their origin's"
              + " coding; further ones get 503. Default ${DEFAULT-VALUE}.")
  int decodings = CodingConfig.DECODINGS;

  @Option(
      names = "--decompress-max-ratio",
      defaultValue = "" + CodingConfig.MOST_RATIO,
      description =
          "How many times larger than what the origin sent decompressed content may be, past its"
              + " first MiB. Default ${DEFAULT-VALUE}.")
  int ratio = CodingConfig.MOST_RATIO;

  @Option(
      names = "--decompress-max-size",
      defaultValue = "1g",
      converter = EdgeOptions.SizeConverter.class,
      description = "Bytes of one decompressed body. Default ${DEFAULT-VALUE}.")
  ByteSize decodedBytes = new ByteSize(CodingConfig.MOST_DECODED_BYTES);

  /** What is wrong with them, a sentence. */
  Optional<String> problem() {
    if (threads() < 1 || threads() > MOST_THREADS) {
      return Optional.of("--compress-threads: it must be 1 to 64.");
    }
    if (queue < 1 || queue > MOST_QUEUE) {
      return Optional.of("--compress-queue: it must be 1 to 100000.");
    }
    if (mostBytes.bytes() < LEAST_SIZE || mostBytes.bytes() > MOST_SIZE) {
      return Optional.of("--compress-max-size: it must be 64k to 64m.");
    }
    return Math.min(decodings, ratio) < 1
        ? Optional.of("--max-decompressions, --decompress-max-ratio: at least 1 each.")
        : Optional.empty();
  }

  private int threads() {
    return threads == null ? Math.max(1, Runtime.getRuntime().availableProcessors() / 4) : threads;
  }

  CodingConfig config() {
    return new CodingConfig(
        threads(), queue, mostBytes.bytes(), decodings, ratio, decodedBytes.bytes());
  }

  /** All of them in one line. */
  String effective() {
    return ("compress-threads=%d compress-queue=%d compress-max-size=%s max-decompressions=%d"
            + " decompress-max-ratio=%d decompress-max-size=%s")
        .formatted(threads(), queue, mostBytes, decodings, ratio, decodedBytes);
  }
}
