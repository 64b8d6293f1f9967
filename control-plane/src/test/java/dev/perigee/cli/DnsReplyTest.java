package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Packets of name servers, which may hold anything. */
final class DnsReplyTest {
  private static final Name ZONE = Name.fromConstantString("cdn.example.");
  private static final byte[] QUESTION =
      DnsReply.question(7, "cdn.example", DnsReply.SOA, false, true);

  private static byte[] packet(int id) {
    Message message = new Message(id);
    message.getHeader().setFlag(Flags.QR);
    message.getHeader().setFlag(Flags.AA);
    message.addRecord(Record.newRecord(ZONE, Type.SOA, DClass.IN), Section.QUESTION);
    Name server = Name.fromConstantString("NS1.cdn.example.");
    message.addRecord(
        new SOARecord(ZONE, DClass.IN, 60, server, ZONE, 4_000_000_000L, 1, 2, 3, 4),
        Section.ANSWER);
    message.addRecord(new NSRecord(ZONE, DClass.IN, 60, server), Section.AUTHORITY);
    message.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    return message.toWire();
  }

  @Test
  void whatAnotherImplementationWroteIsRead() throws IOException {
    DnsReply reply = DnsReply.read(packet(7), QUESTION);
    assertTrue(reply.authoritative());
    assertTrue(reply.edns());
    assertFalse(reply.truncated());
    assertEquals("4000000000", reply.answer().getFirst().value());
    assertEquals("ns1.cdn.example", reply.authority().getFirst().value());
    assertThrows(IOException.class, () -> DnsReply.read(packet(8), QUESTION));
  }

  @Test
  void whatIsCutOrChangedIsReadOrRefusedAndNoMore() {
    byte[] whole = packet(7);
    for (int at = 0; at < whole.length; at++) {
      tried(Arrays.copyOf(whole, at));
      for (int value = 0; value < 256; value++) {
        byte[] other = whole.clone();
        other[at] = (byte) value;
        tried(other);
      }
    }
  }

  private static void tried(byte[] packet) {
    try {
      DnsReply reply = DnsReply.read(packet, QUESTION);
      assertTrue(reply.answer().size() <= packet.length);
    } catch (IOException e) {
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
  }
}
