package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.AddressRange;
import dev.perigee.edge.listener.ClientPolicy.Client;
import dev.perigee.edge.listener.ClientPolicy.ProxyField;
import dev.perigee.edge.request.FieldList;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Any lines of the fields in which proxies tell of their clients. */
public final class ClientFuzz {
  private static final List<AddressRange> TRUSTED = List.of(AddressRange.of("10.0.0.0/8"));
  private static final InetAddress PROXY = InetAddress.ofLiteral("10.0.0.1");

  private ClientFuzz() {}

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    String[] lines = new String(input, StandardCharsets.ISO_8859_1).split("\n", -1);
    for (ProxyField field : ProxyField.values()) {
      FieldList.Builder fields = FieldList.builder();
      for (String line : lines) {
        fields.add(field.fieldName(), line);
      }
      Client client = new ClientPolicy(TRUSTED, field).decide(PROXY, fields.build());
      assertTrue(AddressRange.address(client.address()).isPresent(), client.address());
      for (String proxy : client.proxies()) {
        InetAddress address = AddressRange.address(proxy).orElseThrow();
        assertTrue(TRUSTED.getFirst().holds(address), proxy + " is nobody's proxy");
      }
    }
  }
}
