package dev.perigee.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.ClientSubnetOption;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;

/**
 * A resolver that asks the network's DNS on behalf of clients elsewhere (EDNS Client Subnet, RFC
 * 7871).
 *
 * @param server address of the DNS server
 */
record Steered(String server, int port) {
  private static final int IPV4_BITS = 32;

  /** The IPv4 addresses that a client of this address is told for a name. */
  List<String> addresses(String name, String client) {
    try {
      SimpleResolver resolver = new SimpleResolver(server);
      resolver.setPort(port);
      resolver.setTimeout(Duration.ofSeconds(5));
      resolver.setIgnoreTruncation(false);
      Record question = Record.newRecord(Name.fromString(name + "."), Type.A, DClass.IN);
      Message query = Message.newQuery(question);
      ClientSubnetOption subnet = new ClientSubnetOption(IPV4_BITS, InetAddress.ofLiteral(client));
      query.addRecord(new OPTRecord(1232, 0, 0, 0, List.of(subnet)), Section.ADDITIONAL);
      return resolver.send(query).getSection(Section.ANSWER).stream()
          .filter(ARecord.class::isInstance)
          .map(answer -> ((ARecord) answer).getAddress().getHostAddress())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
