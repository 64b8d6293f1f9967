package dev.perigee.edge.pipeline;

import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.cache.ResponseStore;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.respond.coding.Codecs;
import dev.perigee.edge.respond.coding.CodedBody;
import dev.perigee.edge.respond.coding.CodingConfig;
import dev.perigee.edge.respond.coding.CodingPolicy;
import dev.perigee.edge.respond.coding.Compressor;
import dev.perigee.edge.respond.coding.Decodings;
import java.util.function.LongSupplier;

/**
 * What else there is of a stored response: its body in other codings, found, made on demand, and
 * undone for readers who take none.
 *
 * @param policy which of them a request gets
 * @param compressor makes those that are wanted
 * @param decodings those that are undone just now
 * @param store where they lie
 */
public record Representations(
    CodingPolicy policy, Compressor compressor, Decodings decodings, ResponseStore store) {
  static Representations of(CodingConfig config, ResponseStore store, LongSupplier nanos) {
    Codecs codecs = Codecs.load();
    return new Representations(
        new CodingPolicy(codecs.offered(), config.mostBytes()),
        new Compressor(codecs, store, config, nanos),
        new Decodings(codecs, config),
        store);
  }

  /**
   * Looks for a response in a coding, has the answer use it, and goes on. Where there is none it is
   * asked for, so that whoever comes later has it: what is asked for once is not compressed.
   *
   * @param key of the response
   */
  void find(
      Answer answer, CacheKey key, StoredResponse response, ContentCoding coding, Runnable then) {
    store.find(
        CodedBody.key(key, coding),
        answer.exchange().thread(),
        found -> {
          if (found.stream().noneMatch(body -> answer.negotiation().uses(body, response))) {
            compressor.offer(response, coding);
          }
          then.run();
        });
  }
}
