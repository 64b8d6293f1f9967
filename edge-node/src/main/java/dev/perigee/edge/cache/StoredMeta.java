package dev.perigee.edge.cache;

import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one stored response besides its body.
 *
 * <p>Purges are numbered, and every fetch notes the last purge in force when it began (its fence).
 * A hard purge with a number above {@code bodyFence} removes the response; a soft one with a number
 * above {@code freshFence} makes it stale. What of it decides every hit (its directives, lifetime
 * and first age) is worked out once.
 */
public final class StoredMeta {
  private final CacheKey key;
  private final ResponseHead head;
  private final List<String> varyNames;
  private final Map<String, String> varyValues;
  private final Set<String> tags;
  private final long requestMillis;
  private final long responseMillis;
  private final long bodyFence;
  private final long freshFence;
  private final OptionalLong softPurgedBy;
  private final OwnerRule rule;
  private final CacheControl control;
  private final long lifetimeSeconds;
  private final long initialAgeMillis;
  private volatile @Nullable FieldList outgoing;

  /**
   * Copies the collections.
   *
   * @param key what it is stored under
   * @param head status and fields as they will be sent, updated by validation
   * @param varyNames names of the fields that Vary listed, lower case, sorted; empty for none
   * @param varyValues value of each such field in the request that fetched it, normalised; "" where
   *     it was absent
   * @param tags for purges, at most 64
   * @param requestMillis when the request that got or last validated it was sent, ms since the
   *     epoch
   * @param responseMillis when that request's answer came, ms since the epoch
   * @param bodyFence last purge in force when the fetch of the bytes began
   * @param freshFence last purge in force when the last fetch or validation began
   * @param softPurgedBy the newest soft purge that covers it, when above {@code freshFence}
   * @param rule what the site's owner has decided about it
   */
  public StoredMeta(
      CacheKey key,
      ResponseHead head,
      List<String> varyNames,
      Map<String, String> varyValues,
      Set<String> tags,
      long requestMillis,
      long responseMillis,
      long bodyFence,
      long freshFence,
      OptionalLong softPurgedBy,
      OwnerRule rule) {
    this.key = key;
    this.head = head;
    this.varyNames = List.copyOf(varyNames);
    this.varyValues = Map.copyOf(varyValues);
    this.tags = Set.copyOf(tags);
    this.requestMillis = requestMillis;
    this.responseMillis = responseMillis;
    this.bodyFence = bodyFence;
    this.freshFence = freshFence;
    this.softPurgedBy = softPurgedBy;
    this.rule = rule;
    this.control = CacheControl.ofResponse(head.fields());
    this.initialAgeMillis = Freshness.initialAge(head, requestMillis, responseMillis);
    this.lifetimeSeconds =
        Freshness.lifetime(head, control, responseMillis, rule, initialAgeMillis);
  }

  /** One about which the site's owner has decided nothing. */
  public StoredMeta(
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
    this(
        key,
        head,
        varyNames,
        varyValues,
        tags,
        requestMillis,
        responseMillis,
        bodyFence,
        freshFence,
        softPurgedBy,
        OwnerRule.NONE);
  }

  /** The same, made stale by a soft purge. */
  public StoredMeta softPurged(long number) {
    return new StoredMeta(
        key,
        head,
        varyNames,
        varyValues,
        tags,
        requestMillis,
        responseMillis,
        bodyFence,
        freshFence,
        OptionalLong.of(number),
        rule);
  }

  /** The same with another field, in place of those of that name. */
  StoredMeta withField(String name, String value) {
    return new StoredMeta(
        key,
        new ResponseHead(head.status(), head.fields().toBuilder().set(name, value).build()),
        varyNames,
        varyValues,
        tags,
        requestMillis,
        responseMillis,
        bodyFence,
        freshFence,
        softPurgedBy,
        rule);
  }

  /**
   * The same, fresh for no longer than the cache was that it came from: a lifetime that the site's
   * owner has set counts from when a response comes, and it came there first.
   *
   * @param ttl seconds that were left there; empty where that is not known
   */
  public StoredMeta within(OptionalLong ttl) {
    OptionalLong own = rule.ttlSeconds();
    if (ttl.isEmpty() || own.isEmpty() || own.getAsLong() <= ttl.getAsLong()) {
      return this;
    }
    OwnerRule shorter =
        new OwnerRule(
            rule.overrides(),
            rule.forced(),
            OptionalLong.of(Math.max(0, ttl.getAsLong())),
            rule.staleWhileRevalidateSeconds(),
            rule.staleIfErrorSeconds(),
            rule.heuristics());
    return new StoredMeta(
        key,
        head,
        varyNames,
        varyValues,
        tags,
        requestMillis,
        responseMillis,
        bodyFence,
        freshFence,
        softPurgedBy,
        shorter);
  }

  public CacheKey key() {
    return key;
  }

  public ResponseHead head() {
    return head;
  }

  /**
   * The fields as they go out, worked out by whoever sends them first: the same for every reader.
   *
   * @param work gives the same whenever it is asked
   */
  public FieldList outgoing(UnaryOperator<FieldList> work) {
    FieldList known = outgoing;
    if (known == null) {
      known = work.apply(head.fields());
      outgoing = known;
    }
    return known;
  }

  public List<String> varyNames() {
    return varyNames;
  }

  public Map<String, String> varyValues() {
    return varyValues;
  }

  public Set<String> tags() {
    return tags;
  }

  public long requestMillis() {
    return requestMillis;
  }

  public long responseMillis() {
    return responseMillis;
  }

  public long bodyFence() {
    return bodyFence;
  }

  public long freshFence() {
    return freshFence;
  }

  public OptionalLong softPurgedBy() {
    return softPurgedBy;
  }

  /** What the site's owner has decided about it. */
  public OwnerRule rule() {
    return rule;
  }

  /** Whether it may not be used without asking the origin, however fresh it is. */
  boolean mustBeValidated() {
    return control.isUnqualified("no-cache") && !rule.hasOwnLifetime();
  }

  /** The directives it has for this cache. */
  CacheControl control() {
    return control;
  }

  /** How long it is fresh, in seconds from its origin. */
  long lifetimeSeconds() {
    return lifetimeSeconds;
  }

  /** How old it was when it came, in milliseconds. */
  long initialAgeMillis() {
    return initialAgeMillis;
  }

  @Override
  public String toString() {
    return "StoredMeta[key=%s, head=%s, vary=%s %s, tags=%s, %d-%d, fences=%d %d, softPurgedBy=%s]"
        .formatted(
            key,
            head,
            varyNames,
            new TreeMap<>(varyValues),
            new TreeSet<>(tags),
            requestMillis,
            responseMillis,
            bodyFence,
            freshFence,
            softPurgedBy);
  }
}
