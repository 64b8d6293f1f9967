package dev.perigee.edge.cache;

import dev.perigee.contract.Limits;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** Whether a response may be stored by a shared cache (RFC 9111, section 3). */
public final class StoragePolicy {
  private static final Set<Integer> HEURISTIC =
      Set.of(200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501);

  private StoragePolicy() {}

  /** The answer. */
  public sealed interface Storage {
    record Storable(StoredMeta meta) implements Storage {}

    record NotStorable(NotStoredReason reason) implements Storage {}
  }

  /** Why a response is for its own request only. */
  public enum NotStoredReason {
    METHOD("Only answers to GET are stored."),
    REQUEST_NO_STORE("The request forbids it."),
    NO_STORE("The response forbids it."),
    PRIVATE("The response is for one user."),
    AUTHORIZATION("The request was authenticated and the response does not allow sharing."),
    VARY_ALL("Vary: * fits no other request."),
    PARTIAL("Parts are not stored."),
    COOKIE("The response sets a cookie and does not say that it is for everybody."),
    NO_LIFETIME("It has neither a lifetime nor a validator.");

    private final String sentence;

    NotStoredReason(String sentence) {
      this.sentence = sentence;
    }

    public String sentence() {
      return sentence;
    }

    /** As it stands in the detail of Cache-Status. */
    public String token() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * Decides.
   *
   * @param fence last purge in force when the fetch began
   */
  public static Storage decide(
      RequestHead request,
      CacheKey key,
      ResponseHead response,
      long requestMillis,
      long responseMillis,
      long fence) {
    StoredMeta meta =
        new StoredMeta(
            key,
            response,
            Variants.names(response.fields()),
            Variants.values(Variants.names(response.fields()), request.fields()),
            tags(response.fields()),
            requestMillis,
            responseMillis,
            fence,
            fence,
            OptionalLong.empty());
    CacheControl control = CacheControl.of(response.fields());
    boolean shared = control.has("public") || control.has("s-maxage");
    boolean sharedOrChecked = shared || control.has("must-revalidate");
    if (!request.isGet()) {
      return no(NotStoredReason.METHOD);
    } else if (CacheControl.of(request.fields()).has("no-store")) {
      return no(NotStoredReason.REQUEST_NO_STORE);
    } else if (control.has("no-store")) {
      return no(NotStoredReason.NO_STORE);
    } else if (control.has("private")) {
      return no(NotStoredReason.PRIVATE);
    } else if (request.fields().contains("Authorization") && !sharedOrChecked) {
      return no(NotStoredReason.AUTHORIZATION);
    } else if (meta.varyNames().contains("*")) {
      return no(NotStoredReason.VARY_ALL);
    } else if (response.status() == 206 || response.status() == 304) {
      return no(NotStoredReason.PARTIAL);
    } else if (response.fields().contains("Set-Cookie") && !shared) {
      return no(NotStoredReason.COOKIE);
    } else if (!hasUse(response, control)) {
      return no(NotStoredReason.NO_LIFETIME);
    }
    return new Storage.Storable(meta);
  }

  private static Storage no(NotStoredReason reason) {
    return new Storage.NotStorable(reason);
  }

  private static boolean hasUse(ResponseHead response, CacheControl control) {
    FieldList fields = response.fields();
    boolean explicit =
        control.has("max-age") || control.has("s-maxage") || fields.contains("Expires");
    boolean validator = fields.contains("ETag") || fields.contains("Last-Modified");
    boolean mayGuess = HEURISTIC.contains(response.status()) || control.has("public");
    return explicit || (validator && mayGuess);
  }

  /** Surrogate-Key by spaces, Cache-Tag by commas; what breaks the limits is left out. */
  static Set<String> tags(FieldList fields) {
    Set<String> tags = new LinkedHashSet<>();
    fields.all("Surrogate-Key").forEach(line -> addTags(line.split("\\s+", -1), tags));
    fields.all("Cache-Tag").forEach(line -> addTags(line.split(",", -1), tags));
    return tags;
  }

  private static void addTags(String[] found, Set<String> tags) {
    for (String tag : List.of(found)) {
      String bare = tag.strip();
      if (!bare.isEmpty() && bare.length() <= Limits.TAG_LENGTH && tags.size() < Limits.TAGS) {
        tags.add(bare);
      }
    }
  }
}
