package dev.perigee.control.dns;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.ClientSubnetOption;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * A packet to the packet that answers it. What is no query gets nothing, what is ambiguous gets a
 * bare header that says FORMERR, and no answer is longer than the asker takes.
 */
final class DnsPackets {
  private static final Logger LOG = LoggerFactory.getLogger(DnsPackets.class);
  private static final int HEADER = 12;
  private static final int QR = 0x80;
  private static final int TC = 0x02;

  /** Opcode and RD, of the header's third byte. */
  private static final int KEPT = 0x79;

  private static final int MAX_MESSAGE = 65_535;
  private static final int LEAST_UDP = 512;

  private final DnsAnswers answers;

  DnsPackets(DnsAnswers answers) {
    this.answers = answers;
  }

  /** The answer; empty when the packet deserves none. */
  Optional<byte[]> answer(byte[] packet, InetAddress source, boolean udp) {
    if (packet.length < HEADER || (packet[2] & QR) != 0) {
      return Optional.empty();
    }
    if (((packet[2] >> 3) & 0xf) != Opcode.QUERY) {
      return Optional.of(refusal(packet, Rcode.NOTIMP));
    }
    Optional<Message> query = query(packet);
    if (query.isEmpty()) {
      return Optional.of(refusal(packet, Rcode.FORMERR));
    }
    try {
      return Optional.of(answer(query.get(), source, udp));
    } catch (RuntimeException e) {
      LOG.warn("a query could not be answered: {}", e.toString());
      LOG.debug("the fault", e);
      return Optional.of(refusal(packet, Rcode.SERVFAIL));
    }
  }

  private byte[] answer(Message query, InetAddress source, boolean udp) {
    Message response = answers.answer(query, source);
    byte[] bytes = response.toWire();
    return bytes.length <= room(query.getOPT(), udp) ? bytes : truncated(response);
  }

  private static int room(@Nullable OPTRecord edns, boolean udp) {
    if (!udp) {
      return MAX_MESSAGE;
    }
    return edns == null
        ? LEAST_UDP
        : Math.clamp(edns.getPayloadSize(), LEAST_UDP, DnsAnswers.UDP_BYTES);
  }

  /** The query, when it is one in every respect. */
  private static Optional<Message> query(byte[] packet) {
    ByteBuffer bytes = ByteBuffer.wrap(packet);
    // A cut message is read leniently by the library: its end would be anybody's guess.
    if ((packet[2] & TC) != 0 || bytes.getShort(4) != 1) {
      return Optional.empty();
    }
    try {
      Message query = new Message(bytes);
      return bytes.hasRemaining() || hasOddOpt(query) ? Optional.empty() : Optional.of(query);
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  /**
   * More than one OPT, one with a name or in the wrong place is malformed (RFC 6891, section
   * 6.1.1); so are two client subnets, of which none can be preferred.
   */
  private static boolean hasOddOpt(Message query) {
    if (isOptIn(query, Section.ANSWER) || isOptIn(query, Section.AUTHORITY)) {
      return true;
    }
    List<Record> found =
        query.getSection(Section.ADDITIONAL).stream()
            .filter(record -> record.getType() == Type.OPT)
            .toList();
    return found.size() > 1 || found.stream().anyMatch(DnsPackets::isOdd);
  }

  private static boolean isOptIn(Message query, int section) {
    return query.getSection(section).stream().anyMatch(record -> record.getType() == Type.OPT);
  }

  private static boolean isOdd(Record opt) {
    List<EDNSOption> subnets = ((OPTRecord) opt).getOptions(EDNSOption.Code.CLIENT_SUBNET);
    return !opt.getName().equals(Name.root)
        || subnets.size() > 1
        || !subnets.stream().allMatch(ClientSubnetOption.class::isInstance);
  }

  private static byte[] truncated(Message response) {
    response.getHeader().setFlag(Flags.TC);
    response.removeAllRecords(Section.ANSWER);
    response.removeAllRecords(Section.AUTHORITY);
    List<Record> additional = List.copyOf(response.getSection(Section.ADDITIONAL));
    additional.stream()
        .filter(record -> record.getType() != Type.OPT)
        .forEach(record -> response.removeRecord(record, Section.ADDITIONAL));
    return response.toWire();
  }

  /** A header alone: id, opcode and the wish for recursion as they came. */
  private static byte[] refusal(byte[] packet, int rcode) {
    byte[] header = new byte[HEADER];
    header[0] = packet[0];
    header[1] = packet[1];
    header[2] = (byte) (QR | (packet[2] & KEPT));
    header[3] = (byte) rcode;
    return header;
  }
}
