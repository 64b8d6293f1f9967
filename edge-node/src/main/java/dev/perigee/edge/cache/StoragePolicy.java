package dev.perigee.edge.cache;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.CacheRule;
import dev.perigee.contract.Limits;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Whether a response may be stored by a shared cache (RFC 9111, section 3). */
public final class StoragePolicy {
  private static final Set<Integer> HEURISTIC =
      Set.of(200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501);

  /** Status codes whose caching is defined (RFC 9110, section 15), but for parts and 304. */
  private static final Set<Integer> UNDERSTOOD =
      Set.of(
          200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405,
          406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 500, 501, 502,
          503, 504, 505);

  private StoragePolicy() {}

  /** The answer. */
  public sealed interface Storage {
    record Storable(StoredMeta meta) implements Storage {}

    record NotStorable(NotStoredReason reason) implements Storage {}
  }

  /** Why a response is for its own request only. */
  public enum NotStoredReason {
    METHOD("Only answers to GET are stored, and those to POST that say they are like one."),
    REQUEST_NO_STORE("The request forbids it."),
    NO_STORE("The response forbids it."),
    PRIVATE("The response is for one user."),
    AUTHORIZATION("The request was authenticated and the response does not allow sharing."),
    NOT_UNDERSTOOD("It must be understood, and its status code is unknown here."),
    VARY_ALL("Vary: * fits no other request."),
    PARTIAL("Parts are not stored."),
    COOKIE("The response sets a cookie, and the site does not let such a response be shared."),
    RULE("A rule of the site says so."),
    NO_LIFETIME("It has neither a lifetime nor a validator.");

    private final String sentence;

    NotStoredReason(String sentence) {
      this.sentence = sentence;
    }

    public String sentence() {
      return sentence;
    }

    /** Whether it was for the response's sake and not for that of this one request. */
    public boolean isOfResponse() {
      return this != METHOD && this != REQUEST_NO_STORE && this != AUTHORIZATION;
    }

    /** As it stands in the detail of Cache-Status. */
    public String token() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
  }

  /** Decides where the site's owner has not said anything. */
  public static Storage decide(
      RequestHead request,
      CacheKey key,
      ResponseHead response,
      long requestMillis,
      long responseMillis,
      long fence) {
    return decide(
        request, key, response, requestMillis, responseMillis, fence, CachePolicy.DEFAULT);
  }

  /**
   * Decides.
   *
   * @param fence last purge in force when the fetch began
   * @param policy the site's own
   */
  public static Storage decide(
      RequestHead request,
      CacheKey key,
      ResponseHead response,
      long requestMillis,
      long responseMillis,
      long fence,
      CachePolicy policy) {
    Optional<CacheRule.Mode> mode = mode(request, response, policy);
    boolean forced = mode.filter(m -> m == CacheRule.Mode.FORCE).isPresent();
    CacheControl control = CacheControl.ofResponse(response.fields());
    boolean shared = control.has("public") || control.has("s-maxage");
    boolean sharedOrChecked = shared || control.has("must-revalidate");
    List<String> varyNames = Variants.names(response.fields());
    OwnerRule rule = OwnerRule.of(policy, request.target(), response.status(), response.fields());
    if (!request.isGet() && !isStorablePost(request, response, key, control)) {
      return no(NotStoredReason.METHOD);
    } else if (CacheControl.ofRequest(request.fields()).has("no-store")) {
      return no(NotStoredReason.REQUEST_NO_STORE);
    } else if (mode.filter(m -> m == CacheRule.Mode.BYPASS).isPresent()) {
      return no(NotStoredReason.RULE);
    } else if (isForbidden(control, response.status()) && !forced) {
      return no(
          control.has("must-understand")
              ? NotStoredReason.NOT_UNDERSTOOD
              : NotStoredReason.NO_STORE);
    } else if (control.isUnqualified("private") && !forced) {
      return no(NotStoredReason.PRIVATE);
    } else if (request.fields().contains("Authorization") && !sharedOrChecked) {
      return no(NotStoredReason.AUTHORIZATION);
    } else if (varyNames.contains("*")) {
      return no(NotStoredReason.VARY_ALL);
    } else if (response.status() == 206 || response.status() == 304) {
      return no(NotStoredReason.PARTIAL);
    } else if (response.fields().contains("Set-Cookie") && !mayCarryCookie(policy, shared)) {
      return no(NotStoredReason.COOKIE);
    } else if (!hasUse(response, control, rule)) {
      return no(NotStoredReason.NO_LIFETIME);
    }
    return new Storage.Storable(
        new StoredMeta(
            key,
            new ResponseHead(response.status(), shareable(response.fields(), control)),
            varyNames,
            Variants.values(varyNames, request.fields()),
            tags(response.fields()),
            requestMillis,
            responseMillis,
            fence,
            fence,
            OptionalLong.empty(),
            rule));
  }

  private static boolean mayCarryCookie(CachePolicy policy, boolean shared) {
    return switch (policy.setCookie()) {
      case EXPLICIT -> shared;
      case NEVER -> false;
      case AS_ANY -> true;
    };
  }

  /** By no-store, or by must-understand in its place (section 5.2.2.3). */
  static boolean isForbidden(CacheControl control, int status) {
    return control.has("must-understand") ? !UNDERSTOOD.contains(status) : control.has("no-store");
  }

  /** The fields without those that {@code private} or {@code no-cache} names. */
  static FieldList shareable(FieldList fields) {
    return shareable(fields, CacheControl.ofResponse(fields));
  }

  private static FieldList shareable(FieldList fields, CacheControl control) {
    Set<String> named = new LinkedHashSet<>(control.qualified("private"));
    named.addAll(control.qualified("no-cache"));
    if (named.isEmpty()) {
      return fields;
    }
    FieldList.Builder kept = fields.toBuilder();
    named.forEach(kept::remove);
    return kept.build();
  }

  private static Storage no(NotStoredReason reason) {
    return new Storage.NotStorable(reason);
  }

  /** Whether a rule that the owner has made meanwhile says that it is not stored. */
  static boolean isBypassed(CachePolicy policy, StoredMeta meta) {
    String type = meta.head().fields().first("Content-Type").orElse("");
    return policy
        .rule(meta.key().target(), meta.head().status(), type)
        .filter(rule -> rule.mode() == CacheRule.Mode.BYPASS)
        .isPresent();
  }

  private static Optional<CacheRule.Mode> mode(
      RequestHead request, ResponseHead response, CachePolicy policy) {
    return policy.rules().isEmpty()
        ? Optional.empty()
        : policy
            .rule(
                request.target(),
                response.status(),
                response.fields().first("Content-Type").orElse(""))
            .map(CacheRule::mode);
  }

  /**
   * An answer to POST is stored for GET where it has an explicit lifetime and says that it is what
   * a GET would get (RFC 9110, section 9.3.3).
   */
  private static boolean isStorablePost(
      RequestHead request, ResponseHead response, CacheKey key, CacheControl control) {
    return request.method().equals("POST")
        && response.status() == 200
        && isExplicit(response.fields(), control)
        && InvalidationPolicy.isOfItsTarget(request, response, key);
  }

  private static boolean isExplicit(FieldList fields, CacheControl control) {
    return control.has("max-age")
        || control.has("s-maxage")
        || (!control.isTargeted() && fields.contains("Expires"));
  }

  private static boolean hasUse(ResponseHead response, CacheControl control, OwnerRule rule) {
    FieldList fields = response.fields();
    boolean validator = fields.contains("ETag") || fields.contains("Last-Modified");
    return isExplicit(fields, control)
        || rule.ttlSeconds().isPresent()
        || (validator && mayGuess(control, response.status()));
  }

  /** Whether a lifetime may be guessed (section 4.2.2). */
  static boolean mayGuess(CacheControl control, int status) {
    return HEURISTIC.contains(status) || control.has("public");
  }

  /**
   * Surrogate-Key by spaces, Cache-Tag by commas, the strings of Cache-Groups; what breaks the
   * limits is left out.
   */
  static Set<String> tags(FieldList fields) {
    Set<String> tags = new LinkedHashSet<>();
    fields.all("Surrogate-Key").forEach(line -> addTags(line.split("\\s+", -1), tags));
    fields.all("Cache-Tag").forEach(line -> addTags(line.split(",", -1), tags));
    addTags(CacheGroups.of(fields.all("Cache-Groups")).toArray(String[]::new), tags);
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
