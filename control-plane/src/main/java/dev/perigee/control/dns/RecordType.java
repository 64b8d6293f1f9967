package dev.perigee.control.dns;

/** Types of records and questions, by IANA's numbers. */
final class RecordType {
  static final int A = 1;
  static final int NS = 2;
  static final int SOA = 6;
  static final int HINFO = 13;
  static final int TXT = 16;
  static final int AAAA = 28;
  static final int OPT = 41;
  static final int RRSIG = 46;
  static final int NSEC = 47;
  static final int DNSKEY = 48;
  static final int CDS = 59;
  static final int CDNSKEY = 60;
  static final int HTTPS = 65;

  /** That a name is not there (RFC 9824, section 3.4); nobody may ask for it. */
  static final int NXNAME = 128;

  static final int IXFR = 251;
  static final int AXFR = 252;
  static final int ANY = 255;
  static final int CAA = 257;

  private static final int FIRST_META = 128;

  private RecordType() {}

  static boolean isTransfer(int type) {
    return type == AXFR || type == IXFR;
  }

  /** Types that no data has (RFC 6895, section 3.1), but for ANY and transfers. */
  static boolean isMeta(int type) {
    return type == OPT || (type >= FIRST_META && type < ANY && !isTransfer(type));
  }
}
