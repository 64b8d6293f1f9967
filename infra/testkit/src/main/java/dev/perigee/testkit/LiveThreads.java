package dev.perigee.testkit;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of all threads that live now, virtual ones too, which only the VM's own thread dump
 * knows.
 */
final class LiveThreads {
  private static final Pattern NAME =
      Pattern.compile("\"tid\": \"?(\\d+)\"?,(?s:.{0,200}?)\"name\": \"((?:[^\"\\\\]|\\\\.)*)\"");

  private LiveThreads() {}

  /** Thread id to name, of the threads whose whole name matches. */
  static Map<Long, String> matching(Pattern names) {
    Map<Long, String> found = new TreeMap<>();
    Matcher threads = NAME.matcher(dump());
    while (threads.find()) {
      if (names.matcher(threads.group(2)).matches()) {
        found.put(Long.parseLong(threads.group(1)), threads.group(2));
      }
    }
    return found;
  }

  private static String dump() {
    try {
      Path folder = Files.createTempDirectory("threads");
      Path file = folder.resolve("dump.json");
      try {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .dumpThreads(file.toString(), ThreadDumpFormat.JSON);
        return Files.readString(file);
      } finally {
        Files.deleteIfExists(file);
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
