package dev.perigee.edge.store;

import java.io.IOException;
import java.io.UncheckedIOException;
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
import net.openhft.chronicle.hash.impl.VanillaChronicleHash;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells Linux that pages of a file are read here and there, by {@code madvise(2)} for what is
 * mapped and {@code posix_fadvise(2)} for what is read, which Java has no names for. Without it
 * each page that is not in memory may bring what lies around it, as much as the device reads ahead
 * (128 KiB, or megabytes), and drive out as much of what is asked for.
 *
 * <p>Where the advice is not taken, as on any other system, reads are right and slower.
 */
final class PageAdvice {
  private static final Logger LOG = LoggerFactory.getLogger(PageAdvice.class);
  private static final boolean IS_LINUX =
      System.getProperty("os.name").toLowerCase(Locale.ROOT).equals("linux");
  private static final int MADV_RANDOM = 1;
  private static final int POSIX_FADV_RANDOM = 1;
  private static final Path FILES = Path.of("/proc/self/fd");

  private PageAdvice() {}

  /** Found once somebody asks. */
  private static final class Native {
    static final MethodHandle MADVISE =
        function("madvise", ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
    static final MethodHandle FADVISE =
        function(
            "posix_fadvise",
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT);

    private static MethodHandle function(String name, MemoryLayout... arguments) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(
          linker.defaultLookup().findOrThrow(name),
          FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
    }
  }

  /** Whether that was taken for what is mapped of the map's file. */
  static boolean random(VanillaChronicleHash<?, ?, ?, ?> map) {
    if (!IS_LINUX) {
      return false;
    }
    MemorySegment from = MemorySegment.ofAddress(map.bsAddress());
    try {
      return (int) Native.MADVISE.invokeExact(from, map.file().length(), MADV_RANDOM) == 0;
    } catch (Throwable e) {
      throw new IllegalStateException("madvise", e);
    }
  }

  /**
   * For how many descriptors of this file, of those that are open, that was taken; none where the
   * system does not say which are.
   */
  static int random(Path file) {
    if (!IS_LINUX) {
      return 0;
    }
    try (Stream<Path> open = Files.list(FILES)) {
      Path path = file.toRealPath();
      return (int)
          open.filter(one -> leadsTo(one, path))
              .mapToInt(one -> Integer.parseInt(one.getFileName().toString()))
              .filter(PageAdvice::random)
              .count();
    } catch (IOException | UncheckedIOException e) {
      LOG.debug("{} is read as any other file", file, e);
      return 0;
    }
  }

  /** Some are closed while one looks at them. */
  private static boolean leadsTo(Path link, Path path) {
    try {
      return Files.readSymbolicLink(link).equals(path);
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean random(int descriptor) {
    try {
      return (int) Native.FADVISE.invokeExact(descriptor, 0L, 0L, POSIX_FADV_RANDOM) == 0;
    } catch (Throwable e) {
      throw new IllegalStateException("posix_fadvise", e);
    }
  }
}
