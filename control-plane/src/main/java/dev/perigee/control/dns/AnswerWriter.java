package dev.perigee.control.dns;

/**
 * One answer in the form of the wire, written straight into a buffer that is used again. What does
 * not fit is left out, and {@link #isCut} says so. Names are compressed against the question and
 * the zone's name alone (RFC 1035, section 4.1.4).
 */
final class AnswerWriter {
  /** Where a record belongs. */
  enum Section {
    ANSWER(6),
    AUTHORITY(8),
    ADDITIONAL(10);

    private final int countAt;

    Section(int countAt) {
      this.countAt = countAt;
    }
  }

  static final int MAX_MESSAGE = 65_535;

  private static final int QR = 0x80;
  private static final int AA = 0x04;
  private static final int TC = 0x02;

  /** Opcode and RD, of the header's third byte. */
  private static final int KEPT = 0x79;

  /** CD, of the fourth (RFC 4035, section 3.1.6). */
  private static final int CHECKING_DISABLED = 0x10;

  private static final int POINTER = 0xc000;
  private static final int LAST_POINTER = 0x3fff;
  private static final int RECORD_HEAD = 10;
  private static final int CLASS_IN = 1;

  private final byte[] zone;
  private final byte[] out = new byte[MAX_MESSAGE];
  private int at;
  private int limit;
  private boolean isCut;
  private int questionEnd;

  /** Where the zone's name stands in this message; 0 for nowhere yet. */
  private int zoneAt;

  private int dataAt;

  /** Whether names are written whole, as signatures have them. */
  private boolean isWhole;

  /**
   * @param zone the zone's name in wire form
   */
  AnswerWriter(byte[] zone) {
    this.zone = zone;
  }

  /** The message; what is behind its length is left over. */
  byte[] bytes() {
    return out;
  }

  int length() {
    return at;
  }

  /** Whether something did not fit. */
  boolean isCut() {
    return isCut;
  }

  /** A header that says what is wrong, and nothing more. */
  void refuse(byte[] packet, ResponseCode code) {
    header(packet, code);
    out[3] &= 0xf;
    Wire.u16(out, 4, 0);
    at = Query.HEADER;
  }

  private void header(byte[] packet, ResponseCode code) {
    out[0] = packet[0];
    out[1] = packet[1];
    out[2] = (byte) (QR | (packet[2] & KEPT));
    out[3] = (byte) (packet[3] & CHECKING_DISABLED);
    code(code);
    Wire.u16(out, 4, 1);
    Wire.u16(out, Section.ANSWER.countAt, 0);
    Wire.u16(out, Section.AUTHORITY.countAt, 0);
    Wire.u16(out, Section.ADDITIONAL.countAt, 0);
    isCut = false;
    isWhole = false;
  }

  /**
   * Begins an answer with its question.
   *
   * @param room bytes that it may have until something else is said
   */
  void begin(Query query, int room) {
    header(query.packet, ResponseCode.NOERROR);
    questionEnd = query.questionEnd;
    System.arraycopy(query.packet, Query.HEADER, out, Query.HEADER, questionEnd - Query.HEADER);
    at = questionEnd;
    limit = Math.min(room, MAX_MESSAGE);
    zoneAt = query.endsWith(zone) ? Query.HEADER + query.nameLength - zone.length : 0;
  }

  void code(ResponseCode code) {
    out[3] = (byte) ((out[3] & 0xf0) | code.low());
  }

  void authoritative() {
    out[2] |= AA;
  }

  /** From now on there is so much room. */
  void room(int bytes) {
    limit = Math.min(bytes, MAX_MESSAGE);
  }

  /** Takes all records back, and says that there are some (RFC 2181, section 9). */
  void truncate() {
    clear();
    out[2] |= TC;
  }

  /** Takes all records back. */
  void clear() {
    at = questionEnd;
    isCut = false;
    Wire.u16(out, Section.ANSWER.countAt, 0);
    Wire.u16(out, Section.AUTHORITY.countAt, 0);
    Wire.u16(out, Section.ADDITIONAL.countAt, 0);
  }

  /** Whether it says that there is more. */
  boolean isTruncated() {
    return (out[2] & TC) != 0;
  }

  int count(Section section) {
    return Wire.u16(out, section.countAt);
  }

  /** Goes back to where the message was this long, with so many records in this section. */
  void back(int length, Section section, int count) {
    at = length;
    isCut = false;
    Wire.u16(out, section.countAt, count);
  }

  /**
   * Begins a record.
   *
   * @param ownerAt where in the question's name its owner begins
   */
  void record(Section section, int ownerAt, int type, int ttl) {
    u16(POINTER | (Query.HEADER + ownerAt));
    head(section, type, ttl);
  }

  /** Begins a record of a name that is not in the question. */
  void record(Section section, ZoneName owner, int type, int ttl) {
    name(owner);
    head(section, type, ttl);
  }

  private void head(Section section, int type, int ttl) {
    if (hasRoom(RECORD_HEAD)) {
      Wire.u16(out, at, type);
      Wire.u16(out, at + 2, CLASS_IN);
      Wire.u32(out, at + 4, ttl);
      at += RECORD_HEAD;
      dataAt = at;
      Wire.u16(out, section.countAt, count(section) + 1);
    }
  }

  /** Ends a record: its data is what was written since its beginning. */
  void end() {
    if (!isCut) {
      Wire.u16(out, dataAt - 2, at - dataAt);
    }
  }

  void u8(int value) {
    if (hasRoom(1)) {
      out[at++] = (byte) value;
    }
  }

  void u16(int value) {
    if (hasRoom(2)) {
      Wire.u16(out, at, value);
      at += 2;
    }
  }

  void u32(int value) {
    if (hasRoom(4)) {
      Wire.u32(out, at, value);
      at += 4;
    }
  }

  void bytes(byte[] bytes) {
    bytes(bytes, 0, bytes.length);
  }

  void bytes(byte[] bytes, int from, int length) {
    if (hasRoom(length)) {
      System.arraycopy(bytes, from, out, at, length);
      at += length;
    }
  }

  /** From now on names within data are written whole, as signatures have them. */
  void whole() {
    isWhole = true;
  }

  /** A name, the zone's part of it by reference where it was already written. */
  void name(ZoneName name) {
    if (isWhole || !name.isInZone()) {
      bytes(name.wire());
    } else if (zoneAt > 0) {
      bytes(name.wire(), 0, name.ownBytes());
      u16(POINTER | zoneAt);
    } else {
      int begins = at + name.ownBytes();
      bytes(name.wire());
      zoneAt = isCut || begins > LAST_POINTER ? 0 : begins;
    }
  }

  /**
   * OPT (RFC 6891, section 6.1.2) without its options, which follow until {@link #end}.
   *
   * @param payload bytes that this server takes
   * @param flags DO and CO, where they go back
   */
  void opt(ResponseCode code, int payload, int flags) {
    u8(0);
    head(Section.ADDITIONAL, RecordType.OPT, (code.high() << 24) | flags);
    if (!isCut) {
      Wire.u16(out, dataAt - RECORD_HEAD + 2, payload);
    }
  }

  private boolean hasRoom(int bytes) {
    isCut |= at + bytes > limit;
    return !isCut;
  }
}
