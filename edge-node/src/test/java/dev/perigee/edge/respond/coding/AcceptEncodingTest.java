package dev.perigee.edge.respond.coding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.request.FieldList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9110, section 12.5.3: which codings a reader takes. */
final class AcceptEncodingTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip, deflate, br, zstd | 1000 | 1000 | 1000 | 1",
        "gzip | 0 | 0 | 1000 | 1",
        "x-gzip | 0 | 0 | 1000 | 1",
        "GZip;Q=0.5 , BR ; q=0.25 | 250 | 0 | 500 | 1",
        "gzip;q=1.000, br;q=0.001 | 1 | 0 | 1000 | 1",
        "br;q=0 | 0 | 0 | 0 | 1",
        "* | 1000 | 1000 | 1000 | 1",
        "*;q=0 | 0 | 0 | 0 | 0",
        "gzip, *;q=0 | 0 | 0 | 1000 | 0",
        "identity;q=0, * | 1000 | 1000 | 1000 | 0",
        "gzip;q=0.5, identity | 0 | 0 | 500 | 1000",
        "gzip;q=0.5, identity;q=0.7 | 0 | 0 | 500 | 700",
        "br, br;q=0 | 0 | 0 | 0 | 1",
        ", gzip,, br, | 1000 | 0 | 1000 | 1",
        "deflate, compress | 0 | 0 | 0 | 1000",
      })
  void eachCodingHasTheWeightThatTheFieldGivesIt(
      String field, int br, int zstd, int gzip, int identity) {
    AcceptEncoding takes = AcceptEncoding.parse(field);
    assertEquals(br, takes.weight(ContentCoding.BR), field);
    assertEquals(zstd, takes.weight(ContentCoding.ZSTD), field);
    assertEquals(gzip, takes.weight(ContentCoding.GZIP), field);
    assertEquals(identity, takes.identity(), field);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip;q=2",
        "gzip;q=1.5",
        "gzip;q=",
        "gzip;q=0.1234",
        "gzip;q=-1",
        "gzip;level=9",
        "gzip br",
        "gzip;q=1;x",
        "gz(ip",
        ";q=0",
        "\"gzip\"",
      })
  void whatIsNoListOfCodingsTakesNone(String field) {
    AcceptEncoding takes = AcceptEncoding.parse(field);
    assertEquals(0, takes.weight(ContentCoding.GZIP), field);
    assertEquals("identity", takes.normal());
  }

  @Test
  void aRequestWithoutTheFieldMayComeFromAClientThatCanReadNone() {
    assertEquals("identity", AcceptEncoding.of(FieldList.empty()).normal());
    assertEquals(
        "br, gzip",
        AcceptEncoding.of(FieldList.of("Accept-Encoding", "br", "accept-encoding", "gzip"))
            .normal());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip, deflate, br, zstd | br, gzip",
        "br;q=0.1, gzip | br, gzip",
        "gzip, deflate | gzip",
        "gzip, br;q=0 | gzip",
        "br | br",
        "zstd | identity",
        "* | br, gzip",
        "identity | identity",
      })
  void anOriginIsAskedForOneOfFour(String field, String asked) {
    assertEquals(asked, AcceptEncoding.parse(field).normal());
  }

  @Provide
  Arbitrary<String> members() {
    Arbitrary<String> names = Arbitraries.of("br", "zstd", "gzip", "identity", "*", "deflate", "x");
    Arbitrary<String> weights = Arbitraries.of("", ";q=0", ";q=1", ";q=0.5", "; q=0.123", ";q=9");
    return Combinators.combine(names, weights).as((name, weight) -> name + weight);
  }

  /** A list means the same in any order, for weights alone rank (section 12.4.2). */
  @Property(tries = 300)
  void theOrderSaysNothing(@ForAll("lists") List<String> list) {
    assertEquals(
        AcceptEncoding.parse(String.join(", ", list)).toString(),
        AcceptEncoding.parse(String.join(",", list.reversed())).toString());
  }

  @Provide
  Arbitrary<List<String>> lists() {
    return members().list().ofMaxSize(8);
  }

  @Property(tries = 1000)
  void anyTextIsReadAndWeighsNoMoreThanOne(@ForAll String text) {
    AcceptEncoding takes = AcceptEncoding.parse(text);
    for (ContentCoding coding : ContentCoding.values()) {
      assertTrue(takes.weight(coding) >= 0 && takes.weight(coding) <= 1000, text);
    }
    assertTrue(takes.identity() >= 0 && takes.identity() <= 1000, text);
  }

  /** What an origin is asked for the reader takes. */
  @Property(tries = 300)
  void nobodyIsSentWhatHeDoesNotTake(@ForAll("lists") List<String> list) {
    AcceptEncoding takes = AcceptEncoding.parse(String.join(", ", list));
    for (String asked : takes.normal().split(", ", -1)) {
      assertTrue(
          asked.equals("identity") || takes.weight(ContentCoding.of(asked).orElseThrow()) > 0,
          list.toString());
    }
  }
}
