package dev.perigee.control.probe;

import dev.perigee.contract.Probe;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The probes of one node, one after the other: connect, ask, read the status. Any answer in HTTP is
 * one, for a node that answers with an error is there. A connection serves a few probes, so that
 * most cost no handshake and a node that accepts no new ones is found out all the same.
 */
final class NodeProbe {
  /** Probes that one connection serves. */
  private static final int PROBES_PER_CONNECTION = 10;

  /** A longer head is not looked at. */
  private static final int HEAD_BYTES = 1024;

  private static final int STATUS_BYTES = "HTTP/1.1 204".length();
  private static final byte[] REQUEST =
      ("HEAD / HTTP/1.1\r\nHost: " + Probe.HOST + "\r\nUser-Agent: perigee-probe\r\n\r\n")
          .getBytes(StandardCharsets.US_ASCII);

  private final Target target;
  private final Selector selector;
  private final StringBuilder head = new StringBuilder();
  private Phase phase = Phase.IDLE;
  private @Nullable SocketChannel channel;
  private int asked;

  /** What it waits for. */
  private enum Phase {
    IDLE,
    CONNECTING,
    ASKED
  }

  /** What a step came to. */
  enum Outcome {
    PENDING,
    ANSWERED,
    FAILED
  }

  NodeProbe(Target target, Selector selector) {
    this.target = target;
    this.selector = selector;
  }

  Target target() {
    return target;
  }

  boolean isUnderWay() {
    return phase != Phase.IDLE;
  }

  boolean isOpen() {
    return channel != null;
  }

  /** Begins a probe. */
  Outcome begin() {
    SocketChannel kept = channel;
    try {
      return kept == null ? connect() : ask(kept);
    } catch (IOException e) {
      return again();
    }
  }

  /** Goes on, now that the selector says that something can be done. */
  Outcome proceed(boolean mayKeep, ByteBuffer buffer) {
    SocketChannel open = channel;
    if (open == null) {
      return Outcome.PENDING;
    }
    try {
      return switch (phase) {
        case CONNECTING -> open.finishConnect() ? ask(open) : Outcome.PENDING;
        case ASKED -> read(open, mayKeep, buffer);
        case IDLE -> {
          // It ended the connection, or says something that nobody asked for.
          abandon();
          yield Outcome.PENDING;
        }
      };
    } catch (IOException e) {
      return again();
    }
  }

  /** Gives up what is under way, and the connection. */
  void abandon() {
    SocketChannel open = channel;
    channel = null;
    asked = 0;
    phase = Phase.IDLE;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // Closed or not, nobody uses it any more.
      }
    }
  }

  /** A kept connection that broke says nothing of the node: the same on a new one. */
  private Outcome again() {
    boolean kept = asked > 1 && head.isEmpty();
    abandon();
    if (!kept) {
      return Outcome.FAILED;
    }
    try {
      return connect();
    } catch (IOException e) {
      abandon();
      return Outcome.FAILED;
    }
  }

  private Outcome connect() throws IOException {
    SocketChannel open = SocketChannel.open();
    channel = open;
    open.configureBlocking(false);
    open.setOption(StandardSocketOptions.TCP_NODELAY, true);
    phase = Phase.CONNECTING;
    boolean connected = open.connect(target.address());
    open.register(selector, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, this);
    return connected ? ask(open) : Outcome.PENDING;
  }

  private Outcome ask(SocketChannel open) throws IOException {
    open.keyFor(selector).interestOps(SelectionKey.OP_READ);
    head.setLength(0);
    asked++;
    phase = Phase.ASKED;
    // So little fits, or nothing was read of what went before.
    if (open.write(ByteBuffer.wrap(REQUEST)) < REQUEST.length) {
      throw new IOException("it takes nothing");
    }
    return Outcome.PENDING;
  }

  private Outcome read(SocketChannel open, boolean mayKeep, ByteBuffer buffer) throws IOException {
    buffer.clear();
    int length = open.read(buffer);
    if (length < 0) {
      throw new IOException("it ended the connection");
    }
    head.append(StandardCharsets.ISO_8859_1.decode(buffer.flip()));
    if (head.length() < STATUS_BYTES) {
      return Outcome.PENDING;
    }
    boolean http = head.indexOf("HTTP/1.") == 0;
    if (http && mayKeep && isWhole()) {
      phase = Phase.IDLE;
    } else {
      abandon();
    }
    return http ? Outcome.ANSWERED : Outcome.FAILED;
  }

  /** Whether the answer is at its end, and the connection may be used again. */
  private boolean isWhole() {
    return asked < PROBES_PER_CONNECTION
        && head.length() <= HEAD_BYTES
        && head.indexOf(" 204", STATUS_BYTES - 4) == STATUS_BYTES - 4
        && head.lastIndexOf("\r\n\r\n") == head.length() - 4
        && !head.toString().toLowerCase(Locale.ROOT).contains("\r\nconnection: close\r\n");
  }
}
