package dev.perigee.edge.listener.tls;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What a TLS client says first (RFC 8446, section 4.1.2), as far as it takes to choose whom it
 * speaks with and a kind of certificate.
 *
 * @param serverName in lower case; empty where it names none
 * @param ecdsaSuite whether one of its suites that are ours, too, allows an ECDSA certificate:
 *     those of TLS 1.3 all do
 * @param schemes signature schemes that it takes; empty where it does not say
 */
record ClientHello(Optional<String> serverName, boolean ecdsaSuite, Set<Integer> schemes) {
  /** Of the whole message; BoringSSL takes no larger one either. */
  static final int MOST_BYTES = 16 * 1024;

  /** Of {@link NamedTls#SUITES}: by others that a client offers too, nothing would be agreed on. */
  private static final Set<Integer> ECDSA_SUITES =
      Set.of(0x1301, 0x1302, 0x1303, 0xC02B, 0xC02C, 0xCCA9);

  private static final int RECORD_HEAD = 5;
  private static final int HANDSHAKE = 22;
  private static final int MESSAGE_HEAD = 4;
  private static final int CLIENT_HELLO = 1;
  private static final int VERSION_AND_RANDOM = 2 + 32;
  private static final int SERVER_NAME = 0;
  private static final int SIGNATURE_ALGORITHMS = 13;
  private static final int HOST_NAME = 0;
  private static final int MOST_NAME = 253;

  /** Copies the collection. */
  ClientHello {
    schemes = Set.copyOf(schemes);
  }

  /** What the first bytes of a connection are. */
  sealed interface Peeked {}

  /** All of it is there. */
  record Whole(ClientHello hello) implements Peeked {}

  /** More is to come. */
  record Partial() implements Peeked {}

  /** It is none, or a broken one. */
  record Other() implements Peeked {}

  /**
   * Whether it takes a certificate with a key on this curve.
   *
   * @param bits of the curve's field
   */
  boolean takesEcdsa(int bits) {
    return ecdsaSuite && (schemes.isEmpty() || schemes.contains(scheme(bits)));
  }

  /** The ECDSA scheme of TLS 1.3 for a curve. */
  private static int scheme(int bits) {
    return bits <= 256 ? 0x0403 : bits <= 384 ? 0x0503 : 0x0603;
  }

  /** Reads without moving the buffer. */
  static Peeked peek(ByteBuffer bytes) {
    ByteBuffer in = bytes.slice();
    ByteBuffer message = ByteBuffer.allocate(Math.min(in.remaining(), MOST_BYTES));
    while (in.remaining() >= RECORD_HEAD) {
      int type = in.get();
      in.getShort(); // the version of the record says nothing
      int length = Short.toUnsignedInt(in.getShort());
      if (type != HANDSHAKE || length == 0 || length > MOST_BYTES) {
        return new Other();
      }
      int there = Math.min(length, in.remaining());
      message.put(in.slice(in.position(), Math.min(there, message.remaining())));
      in.position(in.position() + there);
      Peeked read = read(message.duplicate().flip());
      if (!(read instanceof Partial)) {
        return read;
      }
    }
    boolean isOther = in.hasRemaining() && in.get(in.position()) != HANDSHAKE;
    return isOther || bytes.remaining() >= MOST_BYTES ? new Other() : new Partial();
  }

  private static Peeked read(ByteBuffer message) {
    if (message.hasRemaining() && message.get(0) != CLIENT_HELLO) {
      return new Other();
    }
    if (message.remaining() < MESSAGE_HEAD) {
      return new Partial();
    }
    int length = message.getInt() & 0xFFFFFF;
    if (length > MOST_BYTES - MESSAGE_HEAD) {
      return new Other();
    }
    if (message.remaining() < length) {
      return new Partial();
    }
    try {
      return new Whole(body(message.slice(message.position(), length)));
    } catch (Broken e) {
      return new Other();
    }
  }

  private static ClientHello body(ByteBuffer in) throws Broken {
    need(in, VERSION_AND_RANDOM);
    in.position(in.position() + VERSION_AND_RANDOM);
    vector(in, 1);
    ByteBuffer suites = vector(in, 2);
    boolean ecdsa = false;
    while (suites.hasRemaining()) {
      ecdsa |= ECDSA_SUITES.contains(number(suites));
    }
    vector(in, 1);
    Optional<String> name = Optional.empty();
    Set<Integer> schemes = Set.of();
    ByteBuffer extensions = in.hasRemaining() ? vector(in, 2) : in;
    Set<Integer> seen = new HashSet<>();
    while (extensions.hasRemaining()) {
      int type = number(extensions);
      ByteBuffer content = vector(extensions, 2);
      if (!seen.add(type)) {
        throw new Broken();
      }
      if (type == SERVER_NAME) {
        name = Optional.of(name(content));
      } else if (type == SIGNATURE_ALGORITHMS) {
        schemes = numbers(vector(content, 2));
      }
    }
    return new ClientHello(name, ecdsa, schemes);
  }

  /** RFC 6066, section 3: there is one kind of name, and one of each kind. */
  private static String name(ByteBuffer extension) throws Broken {
    ByteBuffer list = vector(extension, 2);
    need(list, 1);
    int kind = list.get();
    ByteBuffer name = vector(list, 2);
    if (kind != HOST_NAME || list.hasRemaining() || name.remaining() > MOST_NAME) {
      throw new Broken();
    }
    StringBuilder text = new StringBuilder(name.remaining());
    while (name.hasRemaining()) {
      char c = (char) name.get();
      if (c <= ' ' || c >= 0x7F) {
        throw new Broken();
      }
      text.append(c);
    }
    return text.toString().toLowerCase(Locale.ROOT);
  }

  private static Set<Integer> numbers(ByteBuffer list) throws Broken {
    Set<Integer> all = new HashSet<>();
    while (list.hasRemaining()) {
      all.add(number(list));
    }
    return all;
  }

  private static int number(ByteBuffer in) throws Broken {
    need(in, Short.BYTES);
    return Short.toUnsignedInt(in.getShort());
  }

  /** What follows its own length. */
  private static ByteBuffer vector(ByteBuffer in, int lengthBytes) throws Broken {
    need(in, lengthBytes);
    int length = lengthBytes == 1 ? Byte.toUnsignedInt(in.get()) : number(in);
    need(in, length);
    ByteBuffer content = in.slice(in.position(), length);
    in.position(in.position() + length);
    return content;
  }

  private static void need(ByteBuffer in, int bytes) throws Broken {
    if (in.remaining() < bytes) {
      throw new Broken();
    }
  }

  /** It does not read as one. */
  private static final class Broken extends Exception {
    private static final long serialVersionUID = 1L;

    Broken() {
      super(null, null, false, false);
    }
  }
}
