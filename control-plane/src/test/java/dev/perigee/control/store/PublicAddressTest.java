package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which addresses an origin may have where private ones are not allowed. */
final class PublicAddressTest {
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
    "64:ff9b::8.8.8.8, false",
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
    assertEquals(isPublic, PublicAddress.isPublic(InetAddress.ofLiteral(address)));
  }
}
