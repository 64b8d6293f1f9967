package dev.perigee.edge;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.OriginAddressPolicy;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** What may stand before and behind the node; part of {@link EdgeOptions}. */
final class LayerOptions {
  @Option(
      names = "--allow-private-origins",
      description = "Allow loopback, link-local and private addresses as origins.")
  boolean allowPrivateOrigins;

  @Option(
      names = "--allow-origin-ranges",
      split = ",",
      converter = RangeConverter.class,
      description = "Allow the addresses of these ranges as origins: 10.1.0.0/16,fd00:1::/32.")
  List<AddressRange> allowOriginRanges = new ArrayList<>();

  OriginAddressPolicy originAddresses() {
    return new OriginAddressPolicy(allowOriginRanges, allowPrivateOrigins);
  }

  /** All of them in one line. */
  String effective() {
    return "allow-private-origins=%s allow-origin-ranges=%s"
        .formatted(allowPrivateOrigins, allowOriginRanges);
  }

  /** Reads one range of addresses. */
  static final class RangeConverter implements ITypeConverter<AddressRange> {
    @Override
    public AddressRange convert(String text) {
      return AddressRange.of(text);
    }
  }
}
