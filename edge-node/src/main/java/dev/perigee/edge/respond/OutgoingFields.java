package dev.perigee.edge.respond;

import dev.perigee.edge.cache.CacheControl;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.respond.coding.Selected;

/**
 * The fields of a stored response as readers get them, but for those that say how old it is: the
 * same for all, so worked out once for each response.
 */
public final class OutgoingFields {
  private static final String AGE = "Age";
  private static final String CACHE_STATUS = "Cache-Status";
  private static final String VARY = "Vary";

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

  /** With what is new for each reader; of a response that goes out as it was stored. */
  public static FieldList aged(FieldList outgoing, long age, CacheStatus status, Selected as) {
    String seconds = Long.toString(age);
    return as.varies()
        ? outgoing.plus(AGE, seconds, CACHE_STATUS, status.text(), VARY, "Accept-Encoding")
        : outgoing.plus(AGE, seconds, CACHE_STATUS, status.text());
  }

  /** Whether what is new stands behind nothing that it would have to be made one with. */
  public static boolean areComplete(FieldList outgoing, Selected as) {
    return !outgoing.contains(CACHE_STATUS) && !(as.varies() && outgoing.contains(VARY));
  }
}
