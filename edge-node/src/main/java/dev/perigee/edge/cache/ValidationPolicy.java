package dev.perigee.edge.cache;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.SetCookie;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Asking the origin whether a stored response still holds (RFC 9111, section 4.3). */
public final class ValidationPolicy {
  /** They say how to read the stored bytes, so a 304 cannot change them (section 3.2). */
  private static final Set<String> KEPT =
      Set.of("content-length", "content-encoding", "content-range");

  /** A cookie was meant for the one who asked, where cookies are not a field like any other. */
  private static final Set<String> KEPT_WITH_COOKIE =
      Set.of("content-length", "content-encoding", "content-range", "set-cookie");

  private ValidationPolicy() {}

  /** The conditional fields to send; empty when the response has no validator. */
  public static FieldList conditionalFields(StoredMeta meta) {
    FieldList fields = meta.head().fields();
    FieldList.Builder out = FieldList.builder();
    fields.first("ETag").ifPresent(tag -> out.add("If-None-Match", tag));
    fields.first("Last-Modified").ifPresent(date -> out.add("If-Modified-Since", date));
    return out.build();
  }

  /**
   * Whether a 304 speaks of the stored response (section 4.3.4): the validator it carries must be
   * that of the stored one, compared weakly where it is weak. One without any speaks of what was
   * asked for.
   */
  public static boolean confirms(StoredMeta meta, ResponseHead notModified) {
    FieldList old = meta.head().fields();
    Optional<String> tag = notModified.fields().first("ETag");
    if (tag.isPresent()) {
      boolean weak = isWeak(tag.get());
      return old.first("ETag")
          .filter(own -> weak ? opaque(own).equals(opaque(tag.get())) : own.equals(tag.get()))
          .isPresent();
    }
    Optional<String> date = notModified.fields().first("Last-Modified");
    Optional<String> ownDate = old.first("Last-Modified");
    return date.isEmpty() || ownDate.isEmpty() || date.equals(ownDate);
  }

  /**
   * Whether the answer to HEAD speaks of the stored response (section 4.3.5): its validators and
   * its length are those of the stored one.
   */
  public static boolean confirmsByHead(StoredMeta meta, long length, ResponseHead head) {
    boolean sameLength =
        head.fields()
            .first("Content-Length")
            .map(text -> text.equals(Long.toString(length)))
            .orElse(true);
    FieldList own = meta.head().fields();
    boolean sameKind =
        head.fields().contains("ETag") == own.contains("ETag")
            && head.fields().contains("Last-Modified") == own.contains("Last-Modified");
    return sameLength && sameKind && confirms(meta, head);
  }

  /** The stored response's meta after a 304, where the site's owner has not said anything. */
  public static StoredMeta freshen(
      StoredMeta old,
      ResponseHead notModified,
      long requestMillis,
      long responseMillis,
      long freshFence) {
    return freshen(
        old, notModified, requestMillis, responseMillis, freshFence, CachePolicy.DEFAULT);
  }

  /** The stored response's meta after a 304: fields updated, bytes and their fence as before. */
  public static StoredMeta freshen(
      StoredMeta old,
      ResponseHead notModified,
      long requestMillis,
      long responseMillis,
      long freshFence,
      CachePolicy policy) {
    FieldList sent = StoragePolicy.shareable(notModified.fields());
    Set<String> replaced = new HashSet<>();
    sent.forEach((name, value) -> replaced.add(name.toLowerCase(Locale.ROOT)));
    Set<String> kept = policy.setCookie() == SetCookie.AS_ANY ? KEPT : KEPT_WITH_COOKIE;
    replaced.removeAll(kept);
    // An Age that the 304 does not repeat was of the older answer.
    replaced.add("age");
    FieldList.Builder out = FieldList.builder();
    old.head()
        .fields()
        .forEach(
            (name, value) -> {
              if (!replaced.contains(name.toLowerCase(Locale.ROOT))) {
                out.add(name, value);
              }
            });
    sent.forEach(
        (name, value) -> {
          if (!kept.contains(name.toLowerCase(Locale.ROOT))) {
            out.add(name, value);
          }
        });
    FieldList fields = out.build();
    Set<String> tags = StoragePolicy.tags(fields);
    return new StoredMeta(
        old.key(),
        new ResponseHead(old.head().status(), fields),
        old.varyNames(),
        old.varyValues(),
        tags,
        requestMillis,
        responseMillis,
        old.bodyFence(),
        freshFence,
        OptionalLong.empty(),
        OwnerRule.of(policy, old.key().target(), old.head().status(), fields));
  }

  /** Whether a response with the fields of a 304 may stay stored, for the same requests. */
  public static boolean mayStay(StoredMeta freshened, CachePolicy policy) {
    if (StoragePolicy.isBypassed(policy, freshened)) {
      return false;
    }
    FieldList fields = freshened.head().fields();
    CacheControl control = freshened.control();
    boolean forbidden =
        StoragePolicy.isForbidden(control, freshened.head().status())
            || control.isUnqualified("private");
    return (!forbidden || freshened.rule().forced())
        && Variants.names(fields).equals(freshened.varyNames());
  }

  private static String opaque(String tag) {
    return isWeak(tag) ? tag.substring(2) : tag;
  }

  private static boolean isWeak(String tag) {
    return tag.startsWith("W/");
  }
}
