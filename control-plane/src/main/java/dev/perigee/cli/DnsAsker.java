package dev.perigee.cli;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * Asks name servers.
 *
 * @param random of the questions' ids
 * @param millis for one answer
 */
record DnsAsker(SecureRandom random, int millis) {
  private static final int MOST_BYTES = 65_535;
  private static final int TRIES = 2;

  /** How it is asked. */
  enum Transport {
    UDP,
    TCP
  }

  /** An answer over UDP, or over TCP where that is too short. */
  DnsReply ask(InetSocketAddress server, String name, int type, boolean recursive)
      throws IOException {
    DnsReply reply = ask(server, Transport.UDP, name, type, recursive, true);
    return reply.truncated() ? ask(server, Transport.TCP, name, type, recursive, true) : reply;
  }

  /**
   * An answer.
   *
   * @throws IOException where there is none in time, or it is none
   */
  DnsReply ask(
      InetSocketAddress server,
      Transport transport,
      String name,
      int type,
      boolean recursive,
      boolean edns)
      throws IOException {
    byte[] question = DnsReply.question(random.nextInt(1 << 16), name, type, recursive, edns);
    byte[] packet =
        switch (transport) {
          case UDP -> udp(server, question);
          case TCP -> tcp(server, question);
        };
    return DnsReply.read(packet, question);
  }

  /** A packet may be lost: it is sent twice before nobody is there. */
  private byte[] udp(InetSocketAddress server, byte[] question) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(server);
      socket.setSoTimeout(millis);
      DatagramPacket got = new DatagramPacket(new byte[MOST_BYTES], MOST_BYTES);
      for (int tries = TRIES; ; tries--) {
        try {
          socket.send(new DatagramPacket(question, question.length));
          socket.receive(got);
          return Arrays.copyOf(got.getData(), got.getLength());
        } catch (IOException e) {
          if (tries == 1) {
            throw e;
          }
        }
      }
    }
  }

  private byte[] tcp(InetSocketAddress server, byte[] question) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(server, millis);
      socket.setSoTimeout(millis);
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      byte[] framed = new byte[2 + question.length];
      framed[0] = (byte) (question.length >> 8);
      framed[1] = (byte) question.length;
      System.arraycopy(question, 0, framed, 2, question.length);
      out.write(framed);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] packet = new byte[in.readUnsignedShort()];
      in.readFully(packet);
      return packet;
    } catch (EOFException e) {
      throw new IOException("the connection ended without an answer", e);
    }
  }
}
