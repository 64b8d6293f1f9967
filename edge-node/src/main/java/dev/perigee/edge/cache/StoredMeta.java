package dev.perigee.edge.cache;

import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.ResponseHead;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What is known of one stored response besides its body.
 *
 * <p>Purges are numbered, and every fetch notes the last purge in force when it began (its fence).
 * A hard purge with a number above {@code bodyFence} removes the response; a soft one with a number
 * above {@code freshFence} makes it stale.
 *
 * @param key what it is stored under
 * @param head status and fields as they will be sent, updated by validation
 * @param varyNames names of the fields that Vary listed, lower case, sorted; empty for none
 * @param varyValues value of each such field in the request that fetched it, normalised; "" where
 *     it was absent
 * @param tags for purges, at most 64
 * @param requestMillis when the request that got or last validated it was sent, ms since the epoch
 * @param responseMillis when that request's answer came, ms since the epoch
 * @param bodyFence last purge in force when the fetch of the bytes began
 * @param freshFence last purge in force when the last fetch or validation began
 * @param softPurgedBy the newest soft purge that covers it, when above {@code freshFence}
 */
public record StoredMeta(
    CacheKey key,
    ResponseHead head,
    List<String> varyNames,
    Map<String, String> varyValues,
    Set<String> tags,
    long requestMillis,
    long responseMillis,
    long bodyFence,
    long freshFence,
    OptionalLong softPurgedBy) {
  /** Copies the collections. */
  public StoredMeta {
    varyNames = List.copyOf(varyNames);
    varyValues = Map.copyOf(varyValues);
    tags = Set.copyOf(tags);
  }
}
