package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** SipHash-2-4 says what its authors' own code says. */
class SipHashTest {
  /** The vectors of the reference implementation: key and text count up from 0. */
  @ParameterizedTest
  @CsvSource({
    "0, 726fdb47dd0e0e31",
    "1, 74f839c593dc67fd",
    "7, ab0200f58b01d137",
    "8, 93f5f5799a932462",
    "15, a129ca6149be45e5",
    "63, 958a324ceb064572"
  })
  void theVectorsOfTheReference(int length, String hash) {
    byte[] counted = new byte[70];
    for (int i = 0; i < counted.length; i++) {
      counted[i] = (byte) i;
    }
    byte[] key = java.util.Arrays.copyOf(counted, 16);
    assertEquals(hash, Long.toHexString(SipHash.of(key).hash(counted, 0, length)));
    System.arraycopy(counted, 0, counted, 3, length);
    assertEquals(hash, Long.toHexString(SipHash.of(key).hash(counted, 3, length)));
  }
}
