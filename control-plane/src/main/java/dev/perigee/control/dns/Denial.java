package dev.perigee.control.dns;

import dev.perigee.control.dns.AnswerWriter.Section;
import java.util.Arrays;

/**
 * NSEC records by which a name denies what it does not have, made for each question (RFC 9824): a
 * name that is not there says so by a type of its own, and nothing is told of any other name. For
 * one thread.
 */
final class Denial {
  private static final int WINDOWS = 2;
  private static final int WINDOW = 32;
  private static final int FIRST_UPPER = 'A';
  private static final int LAST_UPPER = 'Z';

  private final byte[] zone;
  private final AnswerWriter writer;
  private final byte[] next = new byte[Query.MAX_NAME];
  private final byte[] types = new byte[WINDOWS * WINDOW];

  /**
   * @param zone the zone's name in wire form
   */
  Denial(byte[] zone, AnswerWriter writer) {
    this.zone = zone;
    this.writer = writer;
  }

  /** Forgets the types of the name before, and names those that each name has. */
  void begin() {
    Arrays.fill(types, (byte) 0);
    type(RecordType.RRSIG);
    type(RecordType.NSEC);
  }

  /** The name has records of this type. */
  void type(int type) {
    types[type >> 3] |= (byte) (0x80 >> (type & 7));
  }

  /** Writes the NSEC of the question's name, without this type. */
  void write(Query query, Section section, int without, int seconds) {
    if (without < 8 * types.length && without != RecordType.NSEC && without != RecordType.RRSIG) {
      types[without >> 3] &= (byte) ~(0x80 >> (without & 7));
    }
    writer.record(section, 0, RecordType.NSEC, seconds);
    writer.bytes(next, 0, successor(query));
    for (int i = 0; i < WINDOWS; i++) {
      int length = WINDOW;
      while (length > 0 && types[i * WINDOW + length - 1] == 0) {
        length--;
      }
      if (length > 0) {
        writer.u8(i);
        writer.u8(length);
        writer.bytes(types, i * WINDOW, length);
      }
    }
    writer.end();
  }

  /**
   * The first name that comes after the question's, and its length: a label of one zero byte before
   * it, or where that would be too long what RFC 4471, section 3.1.2, makes of it.
   */
  private int successor(Query query) {
    int length = query.nameLength;
    if (length + 2 <= Query.MAX_NAME) {
      next[0] = 1;
      next[1] = 0;
      System.arraycopy(query.name, 0, next, 2, length);
      return length + 2;
    }
    int own = length - zone.length;
    for (int at = 0; at < own; at += 1 + query.name[at]) {
      int rest = at + 1 + query.name[at];
      for (int last = rest - 1; last > at; last--) {
        int value = query.name[last] & 0xff;
        if (value < 0xff) {
          return incremented(query, at, last, rest);
        }
      }
    }
    System.arraycopy(zone, 0, next, 0, zone.length);
    return zone.length;
  }

  /** The label from here to its last byte, that one more, then the labels above it. */
  private int incremented(Query query, int label, int last, int rest) {
    int size = last - label;
    next[0] = (byte) size;
    System.arraycopy(query.name, label + 1, next, 1, size);
    int more = (query.name[last] & 0xff) + 1;
    next[size] = (byte) (more >= FIRST_UPPER && more <= LAST_UPPER ? LAST_UPPER + 1 : more);
    System.arraycopy(query.name, rest, next, 1 + size, query.nameLength - rest);
    return 1 + size + query.nameLength - rest;
  }
}
