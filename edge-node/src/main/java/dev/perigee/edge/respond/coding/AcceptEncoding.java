package dev.perigee.edge.respond.coding;

import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.request.Fields;
import dev.perigee.edge.request.RecentTexts;
import java.util.List;
import java.util.Optional;

/**
 * Which codings a request takes and how much it likes each, in thousandths (RFC 9110, section
 * 12.5.3).
 *
 * <p>A request without the field takes any coding by the letter, but many a client that sends none
 * can read none: it takes identity alone. So does one whose field is no list of codings.
 */
public final class AcceptEncoding {
  private static final int MOST = 1000;
  private static final int UNSAID = -1;

  /** Members of the list that are looked at; what has more is no browser. */
  private static final int MOST_MEMBERS = 32;

  private static final AcceptEncoding IDENTITY = new AcceptEncoding(0, 0, 0, MOST);

  private static final RecentTexts<AcceptEncoding> RECENT =
      new RecentTexts<>(AcceptEncoding::parse);

  private final int br;
  private final int zstd;
  private final int gzip;
  private final int identity;

  private AcceptEncoding(int br, int zstd, int gzip, int identity) {
    this.br = br;
    this.zstd = zstd;
    this.gzip = gzip;
    this.identity = identity;
  }

  /** What a request takes. */
  public static AcceptEncoding of(Fields request) {
    List<String> lines = request.all("Accept-Encoding");
    return switch (lines.size()) {
      case 0 -> IDENTITY;
      case 1 -> RECENT.of(lines.getFirst());
      default -> parse(String.join(",", lines));
    };
  }

  static AcceptEncoding parse(String list) {
    return new Reader(list).read();
  }

  /** 0 for what it does not take, 1000 for what it likes most. */
  public int weight(ContentCoding coding) {
    return switch (coding) {
      case BR -> br;
      case ZSTD -> zstd;
      case GZIP -> gzip;
    };
  }

  /** The same of no coding at all. */
  public int identity() {
    return identity;
  }

  /**
   * The field as it goes to the origin, and as stored responses are told apart by it: one of four,
   * so that an origin that varies by it is asked four times at most, and gives to each reader what
   * he can read.
   */
  public String normal() {
    if (br > 0) {
      return gzip > 0 ? "br, gzip" : "br";
    }
    return gzip > 0 ? "gzip" : "identity";
  }

  @Override
  public String toString() {
    return "br=%d zstd=%d gzip=%d identity=%d".formatted(br, zstd, gzip, identity);
  }

  /** Reads one list; makes no strings, for it reads one for each response that can be coded. */
  private static final class Reader {
    private final String text;
    private int at;
    private int br = UNSAID;
    private int zstd = UNSAID;
    private int gzip = UNSAID;
    private int identity = UNSAID;
    private int any = UNSAID;

    Reader(String text) {
      this.text = text;
    }

    AcceptEncoding read() {
      for (int members = 0; at < text.length(); members++) {
        if (members == MOST_MEMBERS || !member()) {
          return IDENTITY;
        }
      }
      int other = Math.max(0, any);
      // Identity is taken as long as nothing excludes it, though it is liked least then.
      int plain = identity != UNSAID ? identity : any == 0 ? 0 : 1;
      boolean none = (br & zstd & gzip & any) == UNSAID;
      return new AcceptEncoding(
          br == UNSAID ? other : br,
          zstd == UNSAID ? other : zstd,
          gzip == UNSAID ? other : gzip,
          none && identity == UNSAID ? MOST : plain);
    }

    /** One member and the comma behind it; false where it is none. */
    private boolean member() {
      space();
      int from = at;
      while (at < text.length() && isToken(text.charAt(at))) {
        at++;
      }
      int until = at;
      space();
      int weight = MOST;
      if (at < text.length() && text.charAt(at) == ';') {
        at++;
        weight = weight();
        space();
      }
      boolean ends = at == text.length() || text.charAt(at) == ',';
      at++;
      if (until > from) {
        note(from, until, weight);
      }
      return ends && weight != UNSAID && (until > from || weight == MOST);
    }

    /** {@code q=} and a number from 0 to 1 with three digits at most (section 12.4.2). */
    private int weight() {
      space();
      if (!text.regionMatches(true, at, "q=", 0, 2) || at + 2 == text.length()) {
        return UNSAID;
      }
      at += 2;
      char whole = text.charAt(at++);
      if (whole != '0' && whole != '1') {
        return UNSAID;
      }
      int weight = (whole - '0') * MOST;
      if (at < text.length() && text.charAt(at) == '.') {
        at++;
        for (int unit = MOST / 10; unit > 0 && isDigit(); unit /= 10) {
          weight += (text.charAt(at++) - '0') * unit;
        }
      }
      return weight > MOST ? UNSAID : weight;
    }

    private boolean isDigit() {
      return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
    }

    private void space() {
      while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
        at++;
      }
    }

    private void note(int from, int until, int weight) {
      if (is(from, until, "br")) {
        br = least(br, weight);
      } else if (is(from, until, "gzip") || is(from, until, "x-gzip")) {
        gzip = least(gzip, weight);
      } else if (is(from, until, "zstd")) {
        zstd = least(zstd, weight);
      } else if (is(from, until, "identity")) {
        identity = least(identity, weight);
      } else if (is(from, until, "*")) {
        any = least(any, weight);
      }
    }

    /** What is said twice is taken at the less. */
    private static int least(int before, int weight) {
      return before == UNSAID ? weight : Math.min(before, weight);
    }

    private boolean is(int from, int until, String name) {
      return until - from == name.length() && text.regionMatches(true, from, name, 0, until - from);
    }

    private static boolean isToken(char c) {
      return c > ' ' && c < 0x7f && "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0;
    }
  }

  /** The coding a response has, where it has one alone and this build knows it. */
  static Optional<ContentCoding> ofResponse(Fields response) {
    return response.joined("Content-Encoding").map(String::strip).flatMap(ContentCoding::of);
  }
}
