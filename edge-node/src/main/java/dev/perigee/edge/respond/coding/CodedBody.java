package dev.perigee.edge.respond.coding;

import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import java.util.Optional;

/**
 * The body of a stored response in another coding, as it lies in the store: an object of its own
 * beside the one that it was made of.
 *
 * <p>It has that one's host, target, tags and fence, so each purge that covers the one covers the
 * other, and its share of the site's room. Its key says the coding too. Its head says of which
 * object it is, by the object's number, and nothing else: whether it may be used, and with which
 * fields, the response itself says each time. So a validation of the response holds for both, and
 * one that has changed, which has another number, never meets what was made of the one before.
 */
public final class CodedBody {
  private static final String OF = "Perigee-Coded-Of";

  private CodedBody() {}

  /** What the body of a response lies under. */
  public static CacheKey key(CacheKey response, ContentCoding coding) {
    return response.withCoding(coding.token());
  }

  /** Whether a body was made of this very response. */
  public static boolean isOf(StoredResponse body, StoredResponse response) {
    Optional<String> number = body.meta().head().fields().first(OF);
    return number.isPresent() && Long.parseLong(number.get()) == response.id();
  }

  /** What is stored with the body. */
  static StoredMeta meta(StoredResponse response, ContentCoding coding) {
    StoredMeta meta = response.meta();
    FieldList fields =
        FieldList.of(OF, Long.toString(response.id()), "Content-Encoding", coding.token());
    return new StoredMeta(
        key(meta.key(), coding),
        new ResponseHead(200, fields),
        meta.varyNames(),
        meta.varyValues(),
        meta.tags(),
        meta.requestMillis(),
        meta.responseMillis(),
        meta.bodyFence(),
        meta.freshFence(),
        meta.softPurgedBy());
  }
}
