package dev.perigee.control.dns;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A UDP socket of Linux that receives and sends many datagrams in one system call (recvmmsg and
 * sendmmsg), which Java's own channels do not. Made where {@link #isHere}; elsewhere channels
 * serve.
 */
final class LinuxUdp implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LinuxUdp.class);

  static final short AF_INET = 2;

  /** Where a socket address has its IP address and its scope. */
  static final int IP4_AT = 4;

  static final int IP6_AT = 8;
  private static final int SCOPE_AT = 24;

  private static final short AF_INET6 = 10;

  /** SOCK_DGRAM and SOCK_CLOEXEC. */
  private static final int DATAGRAM = 2 | 0x80000;

  private static final int SOL_SOCKET = 1;
  private static final int SO_RCVBUF = 8;
  private static final int SO_REUSEPORT = 15;
  private static final int SO_RCVTIMEO = 20;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;
  private static final int MSG_WAITFORONE = 0x10000;
  private static final int EINTR = 4;
  private static final int EAGAIN = 11;
  private static final int EADDRINUSE = 98;
  private static final int ADDRESS_BYTES = 28;
  private static final int IP4_ADDRESS_BYTES = 16;

  /** So often who waits looks whether the socket was closed. */
  private static final long LOOK_MICROS = 200_000;

  private final int descriptor;
  private final MemorySegment state;

  private LinuxUdp(int descriptor, MemorySegment state) {
    this.descriptor = descriptor;
    this.state = state;
  }

  /** The C library's functions, which are looked for where a socket is opened. */
  private record Calls(
      MethodHandle socket,
      MethodHandle setsockopt,
      MethodHandle bind,
      MethodHandle close,
      MethodHandle recvmmsg,
      MethodHandle sendmmsg) {
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final Calls LIBC = find();

    static Calls find() {
      return new Calls(
          call("socket", JAVA_INT, JAVA_INT, JAVA_INT),
          call("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT),
          call("bind", JAVA_INT, JAVA_LONG, JAVA_INT),
          call("close", JAVA_INT),
          call("recvmmsg", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG),
          call("sendmmsg", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));
    }

    private static MethodHandle call(String name, MemoryLayout... arguments) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(
          linker.defaultLookup().findOrThrow(name),
          FunctionDescriptor.of(JAVA_INT, arguments),
          ERRNO);
    }
  }

  /** Whether this is a Linux whose structures have the shapes that are known here. */
  static boolean isHere() {
    boolean linux = System.getProperty("os.name").toLowerCase(Locale.ROOT).equals("linux");
    return linux && ValueLayout.ADDRESS.byteSize() == Long.BYTES;
  }

  /**
   * A socket that is bound.
   *
   * @param reusePort whether other sockets have the same port, among which the system spreads
   * @throws BindException where the port is taken
   */
  static LinuxUdp open(InetSocketAddress at, boolean reusePort, int buffer) throws IOException {
    boolean v4 = at.getAddress() instanceof Inet4Address;
    short family = v4 ? AF_INET : AF_INET6;
    MemorySegment state = Arena.ofAuto().allocate(Calls.STATE);
    int descriptor =
        call(() -> (int) Calls.LIBC.socket.invokeExact(state, (int) family, DATAGRAM, 0));
    if (descriptor < 0) {
      throw new IOException("no UDP socket: error " + errno(state));
    }
    LinuxUdp socket = new LinuxUdp(descriptor, state);
    try (Arena arena = Arena.ofConfined()) {
      if (!v4) {
        socket.option(arena, IPPROTO_IPV6, IPV6_V6ONLY, 0);
      }
      if (reusePort) {
        socket.option(arena, SOL_SOCKET, SO_REUSEPORT, 1);
      }
      socket.option(arena, SOL_SOCKET, SO_RCVBUF, buffer);
      socket.option(arena, SOL_SOCKET, SO_RCVTIMEO, 0, LOOK_MICROS);
      socket.bind(arena, at);
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private void option(Arena arena, int level, int name, int value) throws IOException {
    MemorySegment option = arena.allocate(JAVA_INT);
    option.set(JAVA_INT, 0, value);
    option(level, name, option);
  }

  private void option(Arena arena, int level, int name, long first, long second)
      throws IOException {
    MemorySegment option = arena.allocate(2L * Long.BYTES, Long.BYTES);
    option.set(JAVA_LONG, 0, first);
    option.set(JAVA_LONG, Long.BYTES, second);
    option(level, name, option);
  }

  private void option(int level, int name, MemorySegment value) throws IOException {
    int size = (int) value.byteSize();
    long at = value.address();
    if (call(
            () -> (int) Calls.LIBC.setsockopt.invokeExact(state, descriptor, level, name, at, size))
        != 0) {
      throw new IOException("an option of a UDP socket cannot be set: error " + errno(state));
    }
  }

  private void bind(Arena arena, InetSocketAddress at) throws IOException {
    byte[] bytes = at.getAddress().getAddress();
    boolean v4 = bytes.length == 4;
    MemorySegment name = arena.allocate(ADDRESS_BYTES, Long.BYTES);
    name.set(JAVA_SHORT, 0, v4 ? AF_INET : AF_INET6);
    name.set(JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2, (short) at.getPort());
    MemorySegment.copy(bytes, 0, name, JAVA_BYTE, v4 ? IP4_AT : IP6_AT, bytes.length);
    if (at.getAddress() instanceof Inet6Address v6) {
      name.set(JAVA_INT, SCOPE_AT, v6.getScopeId());
    }
    int length = v4 ? IP4_ADDRESS_BYTES : ADDRESS_BYTES;
    if (call(() -> (int) Calls.LIBC.bind.invokeExact(state, descriptor, name.address(), length))
        != 0) {
      int error = errno(state);
      throw error == EADDRINUSE
          ? new BindException("Address already in use")
          : new BindException("UDP " + at + " cannot be bound: error " + error);
    }
  }

  /** Waits for datagrams; how many came, 0 where none did for a while. */
  int receive(long headers, int most) throws IOException {
    int came;
    try {
      came =
          (int)
              Calls.LIBC.recvmmsg.invokeExact(state, descriptor, headers, most, MSG_WAITFORONE, 0L);
    } catch (Throwable e) {
      throw bug(e);
    }
    if (came < 0) {
      int error = errno(state);
      if (error != EAGAIN && error != EINTR) {
        throw new IOException("nothing can be received: error " + error);
      }
    }
    return Math.max(0, came);
  }

  /** Sends datagrams; how many were sent, less than one where the first cannot be. */
  int send(long headers, int count) {
    try {
      return (int) Calls.LIBC.sendmmsg.invokeExact(state, descriptor, headers, count, 0);
    } catch (Throwable e) {
      throw bug(e);
    }
  }

  /** Only once nobody waits in it any more. */
  @Override
  public void close() {
    if (call(() -> (int) Calls.LIBC.close.invokeExact(state, descriptor)) != 0) {
      LOG.debug("error {} on closing", errno(state));
    }
  }

  private static int errno(MemorySegment state) {
    return state.get(JAVA_INT, 0);
  }

  /** A function of the C library. */
  private interface Call {
    int run() throws Throwable;
  }

  private static int call(Call function) {
    try {
      return function.run();
    } catch (Throwable e) {
      throw bug(e);
    }
  }

  private static IllegalStateException bug(Throwable e) {
    return new IllegalStateException("a function of the C library was called wrongly", e);
  }
}
