package dev.perigee.edge.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.cache.CacheControl;
import dev.perigee.edge.cache.Freshness;
import dev.perigee.edge.cache.InvalidationPolicy;
import dev.perigee.edge.cache.Lookup;
import dev.perigee.edge.cache.LookupPolicy;
import dev.perigee.edge.cache.SlicePolicy;
import dev.perigee.edge.cache.StalePolicy;
import dev.perigee.edge.cache.StoragePolicy;
import dev.perigee.edge.cache.StoragePolicy.Storage;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.ValidationPolicy;
import dev.perigee.edge.cache.Variants;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.respond.Preconditions;
import dev.perigee.edge.respond.RangePolicy;
import dev.perigee.edge.respond.RangePolicy.Ranged;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * Any request and any response through all that a cache decides about them. Input: a line with
 * method and status, the request's field lines, an empty line, the response's.
 */
public final class HeadFuzz {
  private static final long NOW = Cases.NOW;
  private static final long LENGTH = 1000;
  private static final List<String> ADDRESSED =
      List.of("Perigee-CDN-Cache-Control", "CDN-Cache-Control", "Surrogate-Control");

  private HeadFuzz() {}

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    String[] parts = new String(input, StandardCharsets.ISO_8859_1).split("\n\n", 2);
    String[] lines = parts[0].split("\n", 2);
    String[] first = lines[0].split(" ", 2);
    FieldList asked = fields(lines.length > 1 ? lines[1] : "");
    FieldList answered = fields(parts.length > 1 ? parts[1] : "");
    RequestHead request = request(first[0], asked);
    decide(request, new ResponseHead(status(first), answered));
  }

  private static int status(String[] first) {
    boolean named = first.length > 1 && first[1].matches("[1-9][0-9]{2}");
    return named ? Integer.parseInt(first[1]) : 200;
  }

  private static FieldList fields(String text) {
    FieldList.Builder fields = FieldList.builder();
    for (String line : text.split("\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        fields.add(line.substring(0, colon), line.substring(colon + 1).strip());
      }
    }
    return fields.build();
  }

  private static RequestHead request(String method, FieldList fields) {
    return new RequestHead(
        method, "http", Cases.KEY.host(), 80, "/a", "HTTP/1.1", fields, "192.0.2.1", false);
  }

  private static void decide(RequestHead request, ResponseHead response) {
    for (CacheKey key : InvalidationPolicy.keys(request, response, Cases.KEY)) {
      assertEquals(Cases.KEY.host(), key.host(), "another host's key is invalidated");
    }
    RangePolicy.asked(request)
        .forEach(range -> assertTrue(range.first().isPresent() || range.last().isPresent()));
    SlicePolicy.part(Cases.KEY.withSlice(0), response, OptionalLong.empty(), 1 << 20);
    ranges(request, response);
    Preconditions.decide(request, response, NOW);
    ResponseHead plain = SlicePolicy.withoutRange(response);
    Storage storage = StoragePolicy.decide(request, Cases.KEY, plain, NOW, NOW, 0);
    if (storage instanceof Storage.Storable(StoredMeta meta)) {
      stored(request, plain, meta);
    }
  }

  private static void ranges(RequestHead request, ResponseHead response) {
    switch (RangePolicy.decide(request, response, LENGTH)) {
      case Ranged.Part part -> inside(part);
      case Ranged.Parts(List<Ranged.Part> all) -> {
        assertTrue(all.size() > 1, "several parts are at least two");
        all.forEach(HeadFuzz::inside);
      }
      case Ranged.Whole whole -> {}
      case Ranged.Unsatisfiable none -> {}
    }
  }

  private static void inside(Ranged.Part part) {
    assertTrue(
        0 <= part.first() && part.first() <= part.last() && part.last() < LENGTH, part::toString);
  }

  private static void stored(RequestHead request, ResponseHead response, StoredMeta meta) {
    boolean isPost = request.method().equals("POST");
    assertTrue(
        request.isGet() || (isPost && response.fields().contains("Content-Location")),
        "only answers to GET, and to a POST that is like one, are stored");
    assertFalse(response.status() == 206 || response.status() == 304, "a part, stored whole");
    assertFalse(isForbidden(response), "no-store, stored");
    assertTrue(Variants.match(meta, request.fields()), "stored for a request it does not fit");
    Freshness freshness = Freshness.of(meta, NOW);
    assertTrue(freshness.age() >= 0, "an age below 0");
    assertTrue(Freshness.of(meta, NOW + 5000).age() >= freshness.age(), "it grows younger");
    StalePolicy.whileRevalidate(meta, NOW);
    StalePolicy.insteadOf(503, meta, NOW);
    Lookup lookup = LookupPolicy.lookup(request, List.of(Cases.stored(meta)), NOW);
    assertFalse(lookup instanceof Lookup.Miss, "stored, and not found");
    ValidationPolicy.conditionalFields(meta);
    StoredMeta freshened = ValidationPolicy.freshen(meta, response, NOW, NOW, 0);
    assertEquals(meta.varyNames(), freshened.varyNames());
    ValidationPolicy.confirms(meta, response);
  }

  /**
   * Whether a line says no-store and nothing else, so that nobody can read it in another way, and
   * nothing stands above it: neither a field addressed to this cache nor must-understand.
   */
  private static boolean isForbidden(ResponseHead response) {
    FieldList fields = response.fields();
    return fields.all("Cache-Control").stream()
            .anyMatch(line -> line.strip().toLowerCase(Locale.ROOT).equals("no-store"))
        && ADDRESSED.stream().noneMatch(fields::contains)
        && !CacheControl.ofResponse(fields).has("must-understand");
  }
}
