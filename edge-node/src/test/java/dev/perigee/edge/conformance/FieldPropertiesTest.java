package dev.perigee.edge.conformance;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.cache.CacheControl;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.respond.CacheStatus;
import dev.perigee.edge.respond.Preconditions;
import dev.perigee.edge.respond.Preconditions.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.greenbytes.http.sfv.Item;
import org.greenbytes.http.sfv.OuterList;
import org.greenbytes.http.sfv.Parser;

/** Structured fields and lists of entity tags against what they were made from. */
class FieldPropertiesTest {
  private static final List<String> TARGETED =
      List.of("Perigee-CDN-Cache-Control", "CDN-Cache-Control");

  /** An opaque tag of RFC 9110, section 8.8.3: commas, backslashes and "W/" are parts of it. */
  @Provide
  Arbitrary<String> opaque() {
    return Arbitraries.strings()
        .withChars("ab,\\/W*;= \u00e9".replace(" ", "").toCharArray())
        .ofMaxLength(4)
        .map(text -> '"' + text + '"');
  }

  /** Members in one or more lines, with the empty members and spaces that section 5.6.1 allows. */
  private static FieldList list(String name, List<String> members, Random random) {
    FieldList.Builder fields = FieldList.builder();
    StringBuilder line = new StringBuilder(random.nextBoolean() ? " , " : "");
    for (String member : members) {
      line.append(member);
      if (random.nextInt(3) == 0) {
        fields.add(random.nextBoolean() ? name : name.toLowerCase(Locale.ROOT), line.toString());
        line.setLength(0);
      } else {
        line.append(List.of(",", " , ", ",,", "\t,\t").get(random.nextInt(4)));
      }
    }
    return fields.add(name, line.toString()).build();
  }

  private static Outcome decide(FieldList conditions, String tag) {
    RequestHead plain = Cases.request("GET", "");
    RequestHead request =
        new RequestHead(
            plain.method(),
            plain.scheme(),
            plain.host(),
            plain.port(),
            plain.target(),
            plain.protocol(),
            conditions,
            plain.client(),
            false);
    return Preconditions.decide(
        request, new ResponseHead(200, FieldList.of("ETag", tag)), Cases.NOW);
  }

  private static List<String> tags(List<String> opaques, Random random) {
    List<String> tags = new ArrayList<>();
    opaques.forEach(opaque -> tags.add(random.nextBoolean() ? "W/" + opaque : opaque));
    return tags;
  }

  private static String opaque(String tag) {
    return tag.startsWith("W/") ? tag.substring(2) : tag;
  }

  /** RFC 9110, section 13.1.2: by weak comparison with each member, and with no other text. */
  @Property
  void ifNoneMatchHoldsUnlessAMemberIsTheSameWeakly(
      @ForAll @Size(min = 1, max = 4) List<@From("opaque") String> opaques,
      @ForAll("opaque") String other,
      @ForAll boolean isMember,
      @ForAll boolean weak,
      @ForAll long seed) {
    Random random = new Random(seed);
    List<String> members = tags(opaques, random);
    String bare = isMember ? opaques.get(random.nextInt(opaques.size())) : other;
    String tag = weak ? "W/" + bare : bare;
    boolean same = members.stream().anyMatch(member -> opaque(member).equals(bare));
    FieldList conditions = list("If-None-Match", members, random);
    assertEquals(
        same ? Outcome.NOT_MODIFIED : Outcome.PROCEED,
        decide(conditions, tag),
        () -> conditions + " against " + tag);
  }

  /** RFC 9110, section 13.1.1: by strong comparison, so that no weak tag ever matches. */
  @Property
  void ifMatchHoldsWhereAMemberIsTheSameStrongly(
      @ForAll @Size(min = 1, max = 4) List<@From("opaque") String> opaques,
      @ForAll("opaque") String other,
      @ForAll boolean isMember,
      @ForAll boolean weak,
      @ForAll long seed) {
    Random random = new Random(seed);
    List<String> members = tags(opaques, random);
    String bare = isMember ? opaques.get(random.nextInt(opaques.size())) : other;
    String tag = weak ? "W/" + bare : bare;
    boolean same = !weak && members.contains(bare);
    FieldList conditions = list("If-Match", members, random);
    assertEquals(
        same ? Outcome.PROCEED : Outcome.FAILED,
        decide(conditions, tag),
        () -> conditions + " against " + tag);
  }

  /** RFC 9213, section 2.1: a dictionary, whose parameters and spelling change no meaning. */
  @Property
  void aTargetedFieldMeansWhatItsDictionaryDoes(
      @ForAll @LongRange(min = 0, max = 999_999_999_999_999L) long maxAge,
      @ForAll boolean noStore,
      @ForAll boolean explicit,
      @ForAll @IntRange(min = 0, max = 1) int field,
      @ForAll long seed) {
    Random random = new Random(seed);
    List<String> members = new ArrayList<>(List.of("max-age=" + maxAge, "vendor=\"no-cache, x\""));
    if (noStore) {
      members.add(explicit ? "no-store=?1" : "no-store");
    }
    members.add("list=(a \"b,c\" 1.5)");
    Collections.shuffle(members, random);
    members.replaceAll(member -> random.nextInt(3) == 0 ? member + ";p=\"private, \";q" : member);
    FieldList.Builder fields = FieldList.builder().add("Cache-Control", "private, max-age=1");
    String name = TARGETED.get(field);
    int split = random.nextInt(members.size()) + 1;
    fields.add(name, String.join(" ,\t", members.subList(0, split)));
    if (split < members.size()) {
      fields.add(name, String.join(", ", members.subList(split, members.size())));
    }
    FieldList response = fields.build();
    CacheControl control = CacheControl.ofResponse(response);
    assertTrue(control.isTargeted(), response::toString);
    assertEquals(noStore, control.has("no-store"), response::toString);
    assertEquals(
        OptionalLong.of(Math.min(maxAge, 1L << 31)), control.seconds("max-age"), "limited");
    assertFalse(control.has("no-cache"), "what stands in a string is no directive");
    assertFalse(control.has("private"), "nor a parameter, nor the field for everybody");
  }

  /** RFC 9213, section 2.1: one that cannot be parsed, or is empty, is as if it were not there. */
  @Property
  void aBrokenTargetedFieldDoesNotCount(
      @ForAll @IntRange(min = 0, max = 6) int how, @ForAll boolean both) {
    String broken =
        List.of(
                "no-store,",
                "no-store no-cache",
                "max-age=\"1",
                "=1",
                "Max-Age=60",
                " ",
                "max-age=60; ")
            .get(how);
    FieldList.Builder fields = FieldList.builder().add("Cache-Control", "max-age=7");
    fields.add(TARGETED.get(0), broken);
    fields.add(TARGETED.get(1), both ? broken : "max-age=5");
    CacheControl control = CacheControl.ofResponse(fields.build());
    assertEquals(!both, control.isTargeted(), broken);
    assertEquals(OptionalLong.of(both ? 7 : 5), control.seconds("max-age"), broken);
    assertFalse(control.has("no-store"), broken);
  }

  /** RFC 9211, section 2: what we write is a list of one member with the parameters it names. */
  @Property
  void cacheStatusIsAListWithItsParameters(
      @ForAll boolean hit,
      @ForAll @LongRange(min = -99_999_999L, max = 99_999_999L) long ttl,
      @ForAll @IntRange(min = 200, max = 599) int status,
      @ForAll boolean stored,
      @ForAll boolean collapsed)
      throws Exception {
    CacheStatus written =
        hit
            ? CacheStatus.hit("perigee", ttl)
            : CacheStatus.forwarded("perigee", "uri-miss")
                .forwardStatus(OptionalInt.of(status))
                .ttl(OptionalLong.of(ttl))
                .stored(stored)
                .collapsed(collapsed);
    OuterList list = new Parser(written.detail("origin-status-500").toString()).parseList();
    assertEquals(1, list.get().size());
    Item<?> member = (Item<?>) list.get().getFirst();
    assertEquals("perigee", member.get().toString());
    assertEquals(hit, member.getParams().containsKey("hit"));
    assertEquals(!hit, member.getParams().containsKey("fwd"));
    assertEquals(!hit && stored, member.getParams().containsKey("stored"));
    assertEquals(!hit && collapsed, member.getParams().containsKey("collapsed"));
    assertEquals(ttl, requireNonNull(member.getParams().get("ttl")).get());
    assertEquals(
        "origin-status-500", requireNonNull(member.getParams().get("detail")).get().toString());
  }
}
