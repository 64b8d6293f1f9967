package dev.perigee.e2e;

import dev.perigee.control.store.EmbeddedDatabase;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A PostgreSQL of a test's own, which may be stopped and started again with what it had. */
final class PostgresProcess implements AutoCloseable {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final Pattern READY = Pattern.compile("postgres ([0-9]+) (\\S+) (\\S+)");
  private static final Path JARS = Path.of("../../control-plane/target").toAbsolutePath();

  private final RunningProcess process;
  private final Optional<ProcessHandle> server;
  private final int port;
  private final String user;
  private final String password;

  private PostgresProcess(RunningProcess process, Optional<ProcessHandle> server, Matcher ready) {
    this.process = process;
    this.server = server;
    this.port = Integer.parseInt(ready.group(1));
    this.user = ready.group(2);
    this.password = ready.group(3);
  }

  /** Of its own process: begins PostgreSQL in the folder that is named, and ends it at its end. */
  public static void main(String[] args) throws Exception {
    EmbeddedDatabase database = EmbeddedDatabase.start(Path.of(args[0]), new SecureRandom());
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .unstarted(
                    () -> {
                      try {
                        database.close();
                      } catch (IOException e) {
                        System.out.println("not stopped: " + e);
                      }
                      ended.countDown();
                    }));
    String port = database.jdbcUrl().replaceFirst(".*:([0-9]+)/.*", "$1");
    System.out.println("postgres " + port + " " + database.user() + " " + database.password());
    ended.await();
  }

  static PostgresProcess start(Path folder) throws IOException {
    Files.createDirectories(folder);
    // Not on this process's class path, which has the binaries twice.
    String path = jar() + ":" + Path.of("target/test-classes").toAbsolutePath();
    List<String> command =
        List.of(
            ProcessHandle.current().info().command().orElseThrow(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            path,
            PostgresProcess.class.getName(),
            folder.toString());
    RunningProcess process = RunningProcess.start("PostgreSQL", folder, Map.of(), command);
    Matcher ready = READY.matcher(process.awaitLine(READY.pattern(), SOON));
    if (!ready.find()) {
      throw new AssertionError(process.output());
    }
    String pid = Files.readAllLines(folder.resolve("data/postmaster.pid")).getFirst().strip();
    return new PostgresProcess(process, ProcessHandle.of(Long.parseLong(pid)), ready);
  }

  private static Path jar() throws IOException {
    try (Stream<Path> all = Files.list(JARS)) {
      return all.filter(
              jar -> jar.getFileName().toString().matches("perigee-control-plane.*\\.jar"))
          .findFirst()
          .orElseThrow();
    }
  }

  int port() {
    return port;
  }

  String user() {
    return user;
  }

  String password() {
    return password;
  }

  String jdbcUrl() {
    return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
  }

  @Override
  public void close() {
    process.terminate();
    process.awaitExit(SOON);
    process.close();
    // Whoever asked it to stop may be gone before it has written its last.
    Awaitility.await("PostgreSQL has ended")
        .atMost(SOON)
        .until(() -> server.filter(ProcessHandle::isAlive).isEmpty());
  }
}
