package dev.perigee.edge.cache;

import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Asking the origin whether a stored response still holds (RFC 9111, section 4.3). */
public final class ValidationPolicy {
  /**
   * They describe the stored bytes, so a 304 cannot change them (section 3.2); a cookie was meant
   * for the one who asked.
   */
  private static final Set<String> KEPT =
      Set.of("content-length", "content-encoding", "content-type", "content-range", "set-cookie");

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
   * Whether a 304 speaks of the stored response and lets it be kept: a strong validator in it must
   * be the same, and it must not forbid storing from now on.
   */
  public static boolean confirms(StoredMeta meta, ResponseHead notModified) {
    CacheControl control = CacheControl.of(notModified.fields());
    if (control.has("no-store") || control.has("private")) {
      return false;
    }
    Optional<String> said = notModified.fields().first("ETag").filter(tag -> !isWeak(tag));
    return said.isEmpty() || said.equals(meta.head().fields().first("ETag"));
  }

  /** The stored response's meta after a 304: fields updated, bytes and their fence as before. */
  public static StoredMeta freshen(
      StoredMeta old,
      ResponseHead notModified,
      long requestMillis,
      long responseMillis,
      long freshFence) {
    Set<String> replaced = new HashSet<>();
    notModified.fields().forEach((name, value) -> replaced.add(name.toLowerCase(Locale.ROOT)));
    replaced.removeAll(KEPT);
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
    notModified
        .fields()
        .forEach(
            (name, value) -> {
              if (!KEPT.contains(name.toLowerCase(Locale.ROOT))) {
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
        OptionalLong.empty());
  }

  private static boolean isWeak(String tag) {
    return tag.startsWith("W/");
  }
}
