package dev.perigee.edge.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CachePolicy;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.ValidationPolicy;
import dev.perigee.edge.request.ResponseHead;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9111, section 4.3: validation, and section 3.2: updating stored header fields. */
class Rfc9111Section43Test {
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = ';',
      value = {
        "4.3.4 the same strong tag; ETag: \"1\"; ETag: \"1\"; true",
        "4.3.4 another strong tag; ETag: \"1\"; ETag: \"2\"; false",
        "4.3.4 a strong tag does not match a weak one; ETag: W/\"1\"; ETag: \"1\"; false",
        "4.3.4 a weak tag is compared weakly; ETag: \"1\"; ETag: W/\"1\"; true",
        "4.3.4 another weak tag; ETag: W/\"1\"; ETag: W/\"2\"; false",
        "4.3.4 the same date; Last-Modified: {-60}; Last-Modified: {-60}; true",
        "4.3.4 another date; Last-Modified: {-60}; Last-Modified: {-30}; false",
        "4.3.4 no validator speaks of what was asked for; ETag: \"1\"; X: y; true",
        "4.3.4 a tag where none was; Last-Modified: {-60}; ETag: \"1\"; false",
      })
  void a304ConfirmsOnlyWhatItSpeaksOf(
      String sentence, String stored, String notModified, boolean expected) {
    StoredMeta meta = Cases.meta("", stored);
    assertEquals(
        expected,
        ValidationPolicy.confirms(meta, new ResponseHead(304, Cases.fields(notModified))),
        sentence);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = ';',
      value = {
        "5.2.2.5 no-store; Cache-Control: no-store; false",
        "5.2.2.7 private; Cache-Control: private; false",
        "4.1 Vary: *; Vary: *; false",
        "4.1 another Vary; Vary: X; false",
        "3.2 a longer life; Cache-Control: max-age=600; true",
        "3.2 nothing new; X: y; true",
      })
  void whatA304ForbidsToKeepGoes(String sentence, String notModified, boolean expected) {
    StoredMeta meta = Cases.meta("Accept: a", "Cache-Control: max-age=60|Vary: Accept");
    assertEquals(
        expected,
        ValidationPolicy.mayStay(freshen(meta, notModified), CachePolicy.DEFAULT),
        sentence);
  }

  private static StoredMeta freshen(StoredMeta meta, String notModified) {
    ResponseHead head = new ResponseHead(304, Cases.fields(notModified));
    return ValidationPolicy.freshen(meta, head, Cases.NOW + 1, Cases.NOW + 2, 7);
  }

  @Test
  void validatorsAreSentAsTheyCame() {
    assertEquals(
        List.of("W/\"1\""),
        ValidationPolicy.conditionalFields(Cases.meta("", "ETag: W/\"1\"")).all("If-None-Match"));
    assertEquals(
        List.of(Cases.date(-60)),
        ValidationPolicy.conditionalFields(Cases.meta("", "Last-Modified: {-60}"))
            .all("If-Modified-Since"));
    assertEquals(0, ValidationPolicy.conditionalFields(Cases.meta("", "X: y")).size());
  }

  @Test
  void fieldsOfA304ReplaceThoseStoredExceptWhatIsNeededToReadTheBytes() {
    StoredMeta meta =
        Cases.meta(
            "",
            "Cache-Control: max-age=1|Content-Length: 9|Content-Type: a/b|X: 1|X: 2|Age: 5|K: k");
    StoredMeta fresh =
        freshen(
            meta,
            "Cache-Control: max-age=9|Content-Length: 0|Content-Type: c/d|X: 3|Set-Cookie: a=b");
    assertEquals(List.of("max-age=9"), fresh.head().fields().all("Cache-Control"));
    assertEquals(List.of("9"), fresh.head().fields().all("Content-Length"));
    assertEquals(List.of("c/d"), fresh.head().fields().all("Content-Type"));
    assertEquals(List.of("3"), fresh.head().fields().all("X"));
    assertEquals(List.of("k"), fresh.head().fields().all("K"));
    assertEquals(Optional.empty(), fresh.head().fields().first("Age"));
    assertFalse(fresh.head().fields().contains("Set-Cookie"));
    assertEquals(Cases.NOW + 1, fresh.requestMillis());
    assertEquals(7, fresh.freshFence());
    assertEquals(meta.bodyFence(), fresh.bodyFence(), "the bytes are as old as they were");
    assertTrue(fresh.softPurgedBy().isEmpty());
  }
}
