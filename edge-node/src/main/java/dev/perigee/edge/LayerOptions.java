package dev.perigee.edge;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.edge.listener.ClientPolicy;
import dev.perigee.edge.listener.ClientPolicy.ProxyField;
import dev.perigee.edge.pipeline.PipelineConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** What may stand before and behind the node; part of {@link EdgeOptions}. */
final class LayerOptions {
  @Option(
      names = "--trusted-proxies",
      split = ",",
      converter = RangeConverter.class,
      description =
          "Ranges of proxies in front of the node whose word for the client's address is taken:"
              + " 10.0.0.0/8,fd00::/8.")
  List<AddressRange> trustedProxies = new ArrayList<>();

  @Option(
      names = "--trusted-proxies-field",
      defaultValue = "x-forwarded-for",
      converter = FieldConverter.class,
      description = "The field that they write: x-forwarded-for or forwarded.")
  ProxyField trustedProxiesField = ProxyField.X_FORWARDED_FOR;

  @Option(
      names = "--proxy-protocol",
      split = ",",
      description =
          "Listeners, http or https or both, on which a trusted proxy begins each connection with"
              + " the PROXY protocol, version 1 or 2.")
  Set<String> proxyProtocol = new TreeSet<>();

  @Option(
      names = "--pseudonym",
      defaultValue = PipelineConfig.NAME,
      description =
          "This network's name in Via, CDN-Loop and Cache-Status, the same on all of its nodes;"
              + " another one where a network of Perigee stands behind another.")
  String pseudonym = PipelineConfig.NAME;

  @Option(
      names = "--allow-private-origins",
      description =
          "Allow loopback, link-local and private addresses as origins, but for the metadata"
              + " services of clouds.")
  boolean allowPrivateOrigins;

  @Option(
      names = "--allow-origin-ranges",
      split = ",",
      converter = RangeConverter.class,
      description = "Allow the addresses of these ranges as origins: 10.1.0.0/16,fd00:1::/32.")
  List<AddressRange> allowOriginRanges = new ArrayList<>();

  /** What is wrong with them, a sentence. */
  Optional<String> problem() {
    if (!pseudonym.matches("[A-Za-z][A-Za-z0-9._-]{0,62}")) {
      return Optional.of(
          "--pseudonym: it must be 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-', a letter first.");
    }
    if (!Set.of("http", "https").containsAll(proxyProtocol)) {
      return Optional.of("--proxy-protocol: " + proxyProtocol + " is not http, https or both.");
    }
    return !proxyProtocol.isEmpty() && trustedProxies.isEmpty()
        ? Optional.of("--proxy-protocol: it needs --trusted-proxies, for nobody else is believed.")
        : Optional.empty();
  }

  OriginAddressPolicy originAddresses() {
    return new OriginAddressPolicy(allowOriginRanges, allowPrivateOrigins);
  }

  ClientPolicy clients() {
    return new ClientPolicy(trustedProxies, trustedProxiesField, proxyProtocol);
  }

  /** All of them in one line. */
  String effective() {
    return ("trusted-proxies=%s trusted-proxies-field=%s proxy-protocol=%s pseudonym=%s"
            + " allow-private-origins=%s allow-origin-ranges=%s")
        .formatted(
            trustedProxies,
            trustedProxiesField.word(),
            proxyProtocol,
            pseudonym,
            allowPrivateOrigins,
            allowOriginRanges);
  }

  /** Reads one range of addresses. */
  static final class RangeConverter implements ITypeConverter<AddressRange> {
    @Override
    public AddressRange convert(String text) {
      return AddressRange.of(text);
    }
  }

  /** Reads the name of a field. */
  static final class FieldConverter implements ITypeConverter<ProxyField> {
    @Override
    public ProxyField convert(String text) {
      for (ProxyField field : ProxyField.values()) {
        if (field.word().equals(text)) {
          return field;
        }
      }
      throw new IllegalArgumentException("'" + text + "' is not x-forwarded-for or forwarded.");
    }
  }
}
