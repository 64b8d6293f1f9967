package dev.perigee.edge.listener;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Bounds what waits in the system to be sent to a slow reader: Linux takes megabytes of a response
 * for each connection, from memory that all sockets of the machine share. With {@code
 * TCP_NOTSENT_LOWAT} a connection takes no more than so much beyond what is on its way, which a
 * fast reader far away does not feel, as it would a smaller buffer.
 *
 * <p>Java has no name for the option. Connections have it from the socket that accepted them, so it
 * is set once, on every socket of the process that listens.
 */
final class UnsentLimit {
  private static final int SOL_SOCKET = 1;
  private static final int SO_ACCEPTCONN = 30;
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_NOTSENT_LOWAT = 25;
  private static final Path FILES = Path.of("/proc/self/fd");

  private final MethodHandle getOption = function("getsockopt", ValueLayout.ADDRESS);
  private final MethodHandle setOption = function("setsockopt", ValueLayout.JAVA_INT);

  private UnsentLimit() {}

  /**
   * Sets it.
   *
   * @param bytes 0 leaves all as it is
   * @return how many sockets have it now; none but on Linux
   */
  static int set(int bytes) {
    boolean isLinux = System.getProperty("os.name").toLowerCase(Locale.ROOT).equals("linux");
    if (bytes == 0 || !isLinux) {
      return 0;
    }
    UnsentLimit limit = new UnsentLimit();
    try (Stream<Path> files = Files.list(FILES)) {
      return (int)
          files
              .mapToInt(file -> Integer.parseInt(file.getFileName().toString()))
              .filter(file -> limit.isListening(file) && limit.set(file, bytes))
              .count();
    } catch (IOException e) {
      return 0;
    }
  }

  /** Files that are no sockets have no options. */
  private boolean isListening(int file) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, 0);
      MemorySegment length =
          arena.allocateFrom(ValueLayout.JAVA_INT, (int) ValueLayout.JAVA_INT.byteSize());
      int failed = (int) getOption.invokeExact(file, SOL_SOCKET, SO_ACCEPTCONN, value, length);
      return failed == 0 && value.get(ValueLayout.JAVA_INT, 0) != 0;
    } catch (Throwable e) {
      throw new IllegalStateException("getsockopt", e);
    }
  }

  private boolean set(int file, int bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, bytes);
      int length = (int) ValueLayout.JAVA_INT.byteSize();
      return (int) setOption.invokeExact(file, IPPROTO_TCP, TCP_NOTSENT_LOWAT, value, length) == 0;
    } catch (Throwable e) {
      throw new IllegalStateException("setsockopt", e);
    }
  }

  /** {@code int name(int, int, int, void *, last)}. */
  private static MethodHandle function(String name, MemoryLayout last) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            last));
  }
}
