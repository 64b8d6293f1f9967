package dev.perigee.control.dns;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Room for the datagrams of one call to {@link LinuxUdp}: a few queries with their askers, and an
 * answer to each. It lies outside the heap in the system's shapes and is used again and again, so
 * that nothing is left to be collected.
 *
 * <p>An asker is kept as the system wrote it; the answer goes back to those bytes.
 */
final class Datagrams {
  /** So many are received or sent at once, where so many have come. */
  static final int COUNT = 32;

  /** Of a {@code struct mmsghdr}: a {@code msghdr} of 56 bytes, and how long the datagram is. */
  private static final int HEADER_BYTES = 64;

  private static final int NAME = 0;
  private static final int NAME_LENGTH = 8;
  private static final int VECTOR = 16;
  private static final int VECTOR_COUNT = 24;
  private static final int LENGTH = 56;

  private static final int VECTOR_BYTES = 16;

  /** Of a {@code struct sockaddr_in6}, which is longer than that of IPv4. */
  private static final int NAME_BYTES = 28;

  private static final int MAPPED_BYTES = 12;

  private final int queryBytes;
  private final int answerBytes;
  private final MemorySegment names;
  private final MemorySegment queries;
  private final MemorySegment answers;
  private final MemorySegment received;
  private final MemorySegment sent;
  private final MemorySegment sentVectors;
  private final byte[] source4 = new byte[4];
  private final byte[] source6 = new byte[16];
  private int due;

  /**
   * Empty room.
   *
   * @param queryBytes what is longer is cut
   * @param answerBytes of the longest answer
   */
  Datagrams(int queryBytes, int answerBytes) {
    Arena arena = Arena.ofAuto();
    this.queryBytes = queryBytes;
    this.answerBytes = answerBytes;
    names = arena.allocate((long) COUNT * NAME_BYTES, Long.BYTES);
    queries = arena.allocate((long) COUNT * queryBytes, Long.BYTES);
    answers = arena.allocate((long) COUNT * answerBytes, Long.BYTES);
    received = arena.allocate((long) COUNT * HEADER_BYTES, Long.BYTES);
    sent = arena.allocate((long) COUNT * HEADER_BYTES, Long.BYTES);
    sentVectors = arena.allocate((long) COUNT * VECTOR_BYTES, Long.BYTES);
    MemorySegment vectors = arena.allocate((long) COUNT * VECTOR_BYTES, Long.BYTES);
    for (int i = 0; i < COUNT; i++) {
      vector(vectors, i, queries.address() + (long) i * queryBytes, queryBytes);
      vector(sentVectors, i, answers.address() + (long) i * answerBytes, 0);
      header(received, i, vectors);
      header(sent, i, sentVectors);
      received.set(JAVA_LONG, (long) i * HEADER_BYTES + NAME, name(i));
    }
  }

  private static void vector(MemorySegment vectors, int i, long bytes, long length) {
    vectors.set(JAVA_LONG, (long) i * VECTOR_BYTES, bytes);
    vectors.set(JAVA_LONG, (long) i * VECTOR_BYTES + Long.BYTES, length);
  }

  private static void header(MemorySegment headers, int i, MemorySegment vectors) {
    long at = (long) i * HEADER_BYTES;
    headers.set(JAVA_LONG, at + VECTOR, vectors.address() + (long) i * VECTOR_BYTES);
    headers.set(JAVA_LONG, at + VECTOR_COUNT, 1);
  }

  private long name(int i) {
    return names.address() + (long) i * NAME_BYTES;
  }

  /** Waits for at least one; how many came, 0 where none did for a while. */
  int receive(LinuxUdp socket) throws IOException {
    for (int i = 0; i < COUNT; i++) {
      received.set(JAVA_INT, (long) i * HEADER_BYTES + NAME_LENGTH, NAME_BYTES);
    }
    due = 0;
    return socket.receive(received.address(), COUNT);
  }

  /** Copies one that came; how long it is. */
  int query(int i, byte[] into) {
    int length = Math.min(received.get(JAVA_INT, (long) i * HEADER_BYTES + LENGTH), queryBytes);
    MemorySegment.copy(queries, JAVA_BYTE, (long) i * queryBytes, into, 0, length);
    return length;
  }

  /** The address of who sent it: 4 or 16 bytes, until the next is asked for. */
  byte[] source(int i) {
    long at = (long) i * NAME_BYTES;
    if (names.get(JAVA_SHORT, at) == LinuxUdp.AF_INET) {
      MemorySegment.copy(names, JAVA_BYTE, at + LinuxUdp.IP4_AT, source4, 0, source4.length);
      return source4;
    }
    MemorySegment.copy(names, JAVA_BYTE, at + LinuxUdp.IP6_AT, source6, 0, source6.length);
    if (isMapped()) {
      System.arraycopy(source6, MAPPED_BYTES, source4, 0, source4.length);
      return source4;
    }
    return source6;
  }

  /** Whether it is an address of IPv4 in the clothes of IPv6: ::ffff:0:0/96. */
  private boolean isMapped() {
    for (int i = 0; i < MAPPED_BYTES - 2; i++) {
      if (source6[i] != 0) {
        return false;
      }
    }
    return source6[MAPPED_BYTES - 2] == -1 && source6[MAPPED_BYTES - 1] == -1;
  }

  /** Adds an answer to one that came. */
  void answer(int i, byte[] answer, int length) {
    MemorySegment.copy(answer, 0, answers, JAVA_BYTE, (long) due * answerBytes, length);
    sentVectors.set(JAVA_LONG, (long) due * VECTOR_BYTES + Long.BYTES, length);
    long from = (long) i * HEADER_BYTES;
    long to = (long) due * HEADER_BYTES;
    sent.set(JAVA_LONG, to + NAME, name(i));
    sent.set(JAVA_INT, to + NAME_LENGTH, received.get(JAVA_INT, from + NAME_LENGTH));
    due++;
  }

  /** Sends all that were added. One that cannot be sent, as to the forged port 0, is left out. */
  void send(LinuxUdp socket) {
    int gone = 0;
    while (gone < due) {
      int now = socket.send(sent.address() + (long) gone * HEADER_BYTES, due - gone);
      gone += Math.max(1, now);
    }
    due = 0;
  }
}
