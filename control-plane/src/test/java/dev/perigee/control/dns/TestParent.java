package dev.perigee.control.dns;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * The name server of the parent zone {@code example}, which refers to what lies below it; and the
 * resolver by which it is found.
 */
final class TestParent implements AutoCloseable {
  private static final int MOST_BYTES = 4_096;
  private static final Name PARENT = Name.fromConstantString("example.");
  private static final Name SELF = Name.fromConstantString("ns.example.");

  private final DatagramSocket socket;
  private final List<Record> servers;
  private final List<Record> glue;
  private final List<Record> keys;

  /**
   * Answers until it is closed.
   *
   * @param servers NS records
   * @param glue addresses of those
   * @param keys DS records
   */
  TestParent(List<Record> servers, List<Record> glue, List<Record> keys) throws IOException {
    this.socket = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
    this.servers = servers;
    this.glue = glue;
    this.keys = keys;
    Thread.ofVirtual().name("parent").start(this::serve);
  }

  int port() {
    return socket.getLocalPort();
  }

  private void serve() {
    byte[] bytes = new byte[MOST_BYTES];
    try {
      while (!socket.isClosed()) {
        DatagramPacket got = new DatagramPacket(bytes, bytes.length);
        socket.receive(got);
        byte[] answer = answer(new Message(Arrays.copyOf(bytes, got.getLength())));
        socket.send(new DatagramPacket(answer, answer.length, got.getSocketAddress()));
      }
    } catch (IOException e) {
      socket.close();
    }
  }

  private byte[] answer(Message query) {
    Message answer = new Message(query.getHeader().getID());
    answer.getHeader().setFlag(Flags.QR);
    Record question = query.getQuestion();
    answer.addRecord(question, Section.QUESTION);
    if (question.getName().equals(PARENT) && question.getType() == Type.NS) {
      answer.addRecord(new NSRecord(PARENT, DClass.IN, 60, SELF), Section.ANSWER);
    } else if (question.getName().equals(SELF)) {
      if (question.getType() == Type.A) {
        answer.addRecord(
            new ARecord(SELF, DClass.IN, 60, socket.getLocalAddress()), Section.ANSWER);
      }
    } else if (question.getType() == Type.DS) {
      answer.getHeader().setFlag(Flags.AA);
      keys.forEach(one -> answer.addRecord(one, Section.ANSWER));
    } else {
      servers.forEach(one -> answer.addRecord(one, Section.AUTHORITY));
      glue.forEach(one -> answer.addRecord(one, Section.ADDITIONAL));
    }
    return answer.toWire();
  }

  @Override
  public void close() {
    socket.close();
  }
}
