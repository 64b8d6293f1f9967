package dev.perigee.edge.respond.coding;

import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.request.ResponseSink;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The responses that are decompressed on their way out: no more at once than may be. */
public final class Decodings {
  private static final Logger LOG = LoggerFactory.getLogger(Decodings.class);

  private final Codecs codecs;
  private final CodingConfig config;
  private final AtomicInteger open = new AtomicInteger();
  private final LongAdder decoded = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder broken = new LongAdder();

  /** None yet. */
  public Decodings(Codecs codecs, CodingConfig config) {
    this.codecs = codecs;
    this.config = config;
  }

  /** Where to write a coded body, whose end or break-off is to be told; empty for want of room. */
  public Optional<DecodingSink> into(ResponseSink sink, ContentCoding coding) {
    if (open.incrementAndGet() > config.decodings()) {
      open.decrementAndGet();
      refused.increment();
      return Optional.empty();
    }
    try {
      BodyDecoder decoder = codecs.decoder(coding);
      decoded.increment();
      return Optional.of(new DecodingSink(sink, decoder, config, this::ended));
    } catch (IOException e) {
      LOG.warn("a body is not decompressed ({}): {}", coding.token(), e.toString());
      open.decrementAndGet();
      refused.increment();
      return Optional.empty();
    }
  }

  private void ended(boolean whole) {
    open.decrementAndGet();
    if (!whole) {
      broken.increment();
    }
  }

  /** Responses that are being decompressed. */
  public int open() {
    return open.get();
  }

  /** Responses that were decompressed. */
  public long decoded() {
    return decoded.sum();
  }

  /** Responses for which there was no room. */
  public long refused() {
    return refused.sum();
  }

  /** Responses that ended incomplete, for what came was not of its coding or too much. */
  public long broken() {
    return broken.sum();
  }
}
