package dev.perigee.edge.respond;

import dev.perigee.edge.cache.CacheControl;
import dev.perigee.edge.request.FieldList;

/**
 * The fields of a stored response as readers get them, but for those that say how old it is: the
 * same for all, so worked out once for each response.
 */
public final class OutgoingFields {
  private static final String AGE = "Age";
  private static final String CACHE_STATUS = "Cache-Status";

  private OutgoingFields() {}

  /**
   * The fields of a response that came without Cache-Status.
   *
   * @param stored as they were stored
   * @param node this node's name in Via
   */
  public static FieldList of(FieldList stored, String node) {
    FieldList.Builder fields = stored.toBuilder();
    CacheControl.ownFields().forEach(fields::remove);
    fields.remove(AGE);
    String via = "1.1 " + node;
    fields.set("Via", stored.joined("Via").map(before -> before + ", " + via).orElse(via));
    return fields.build();
  }

  /** With what is new for each reader. */
  public static FieldList aged(FieldList outgoing, long age, CacheStatus status) {
    return outgoing.plus(AGE, Long.toString(age), CACHE_STATUS, status.text());
  }

  /** Whether another cache has said something that stands before what this one says. */
  public static boolean isFromCache(FieldList outgoing) {
    return outgoing.contains(CACHE_STATUS);
  }
}
