package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses an origin may have where private ones are not allowed. */
final class OriginAddressPolicyTest {
  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, false",
    "0.255.255.255, false",
    "1.0.0.0, true",
    "9.255.255.255, true",
    "10.0.0.0, false",
    "10.255.255.255, false",
    "11.0.0.0, true",
    "100.63.255.255, true",
    "100.64.0.0, false",
    "100.127.255.255, false",
    "100.128.0.0, true",
    "127.0.0.1, false",
    "127.255.255.255, false",
    "169.254.169.254, false",
    "172.15.255.255, true",
    "172.16.0.0, false",
    "172.31.255.255, false",
    "172.32.0.0, true",
    "192.0.0.8, false",
    "192.0.2.1, false",
    "192.88.99.1, false",
    "192.168.1.1, false",
    "192.169.0.0, true",
    "198.17.255.255, true",
    "198.18.0.0, false",
    "198.19.255.255, false",
    "198.20.0.0, true",
    "198.51.100.7, false",
    "203.0.113.7, false",
    "223.255.255.255, true",
    "224.0.0.1, false",
    "239.255.255.255, false",
    "240.0.0.1, false",
    "255.255.255.255, false",
    "8.8.8.8, true",
    "::, false",
    "::1, false",
    "::10.0.0.1, false",
    "::ffff:10.0.0.1, false",
    "::ffff:8.8.8.8, true",
    "64:ff9b::10.0.0.1, false",
    "64:ff9b::8.8.8.8, true",
    "64:ff9b::127.0.0.1, false",
    "64:ff9b::169.254.169.254, false",
    "2002:808:808::1, true",
    "2002:7f00:1::1, false",
    "2002:a9fe:a9fe::1, false",
    "168.63.129.16, false",
    "fd00:ec2::254, false",
    "::ffff:169.254.169.254, false",
    "64:ff9b:1::1, false",
    "100::1, false",
    "1fff::1, false",
    "2001::1, false",
    "2001:1ff:ffff::1, false",
    "2001:200::1, true",
    "2001:db8::1, false",
    "2001:db9::1, true",
    "2002:a00:1::1, false",
    "2003::1, true",
    "2606:4700::1111, true",
    "3fff::1, false",
    "3fff:1000::1, true",
    "4000::1, false",
    "fc00::1, false",
    "fdff::1, false",
    "fe80::1, false",
    "fec0::1, false",
    "ff02::1, false"
  })
  void onlyUnicastOfThePublicInternetIsPublic(String address, boolean isPublic) {
    assertEquals(isPublic, OriginAddressPolicy.PUBLIC.allows(InetAddress.ofLiteral(address)));
  }

  /** Each line: an address, and whether it may be one of an operator who allows all private. */
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, true",
    "10.0.0.1, true",
    "169.254.1.1, true",
    "100.64.0.1, true",
    "::1, true",
    "fd00::1, true",
    "fe80::1, true",
    "64:ff9b::10.0.0.1, true",
    "2002:a00:1::1, true",
    "8.8.8.8, true",
    "169.254.169.254, false",
    "169.254.170.2, false",
    "100.100.100.200, false",
    "168.63.129.16, false",
    "192.0.0.192, false",
    "fd00:ec2::254, false",
    "fd20:ce::254, false",
    "64:ff9b::169.254.169.254, false",
    "0.0.0.0, false",
    "0.1.2.3, false",
    "192.0.2.1, false",
    "198.18.0.1, false",
    "224.0.0.1, false",
    "255.255.255.255, false",
    "::, false",
    "ff02::1, false"
  })
  void whoAllowsAllPrivateOnesHasNotAllowedMetadata(String address, boolean allowed) {
    OriginAddressPolicy policy = new OriginAddressPolicy(List.of(), true);
    assertEquals(allowed, policy.allows(InetAddress.ofLiteral(address)));
  }

  /** Each line: an address, and whether it is within what the operator names. */
  @ParameterizedTest
  @CsvSource({
    "10.1.0.0, true",
    "10.1.255.255, true",
    "10.2.0.0, false",
    "127.0.0.1, false",
    "64:ff9b::10.1.2.3, true",
    "64:ff9b::10.2.2.3, false",
    "fd00:1::5, true",
    "fd00:2::5, false",
    "169.254.169.254, true",
    "198.18.7.7, true",
    "224.0.0.1, false",
    "::ffff:10.1.0.1, true",
    "8.8.8.8, true"
  })
  void rangesThatTheOperatorNamesAreAllowedAndNoOthers(String address, boolean allowed) {
    List<AddressRange> named =
        Stream.of("10.1.0.0/16", "fd00:1::/32", "169.254.169.254", "198.18.7.7/32", "224.0.0.0/4")
            .map(AddressRange::of)
            .toList();
    OriginAddressPolicy policy = new OriginAddressPolicy(named, false);
    assertEquals(allowed, policy.allows(InetAddress.ofLiteral(address)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "10/8",
        "10.0.0/8",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/08",
        "10.0.0.1/8",
        "010.0.0.0/8",
        "0x0a.0.0.0/8",
        "256.0.0.0/8",
        "fd00::/129",
        "fd00::1/16",
        "fe80::1%1/64",
        "localhost",
        "a.example/8",
        "10.0.0.0/8,",
        ":::/8",
        "1:2:3/8",
        "[::1]/128"
      })
  void whatIsNoRangeIsNone(String text) {
    assertEquals(Optional.empty(), AddressRange.parse(text));
    assertThrows(IllegalArgumentException.class, () -> AddressRange.of(text));
  }

  /** RFC 5952, section 4. */
  @ParameterizedTest
  @CsvSource({
    "2001:db8:0:0:0:0:0:1, 2001:db8::1",
    "2001:0db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "::, ::",
    "::1, ::1",
    "1::, 1::",
    "2001:DB8::A, 2001:db8::a",
    "::ffff:10.0.0.1, 10.0.0.1",
    "192.0.2.1, 192.0.2.1"
  })
  void addressesHaveOneText(String address, String text) {
    assertEquals(text, AddressRange.text(InetAddress.ofLiteral(address)));
  }
}
