package dev.perigee.local.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ByteRangeTest {
  @ParameterizedTest
  @CsvSource({
    "bytes=0-0, 0, 0",
    "bytes=5-, 5, 99",
    "bytes=-10, 90, 99",
    "bytes=-1000, 0, 99",
    "bytes=90-200, 90, 99"
  })
  void aRangeIsCutAtTheEndOfTheFile(String field, long from, long to) {
    assertEquals(Optional.of(new ByteRange(from, to)), ByteRange.parse(field, 100));
  }

  @ParameterizedTest
  @CsvSource({"bytes=-", "bytes=100-", "bytes=9-8", "bytes=-0", "'bytes=0-1,3-4'", "lines=1-2"})
  void whatCannotBeMetIsIgnored(String field) {
    assertEquals(Optional.empty(), ByteRange.parse(field, 100));
  }
}
