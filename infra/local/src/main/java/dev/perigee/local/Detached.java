package dev.perigee.local;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The foreground half of {@code up --detach}: starts the supervisor in a session of its own, shows
 * what it says until the network is ready or has failed, and leaves.
 */
record Detached(StateFolder folder, Installation installation, String network) {
  /** Name of the supervisor's log. */
  static final String LOG = "up";

  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

  int run() throws LocalException, InterruptedException {
    Optional<UpLock> lock = UpLock.tryAcquire(folder);
    if (lock.isEmpty()) {
      throw new LocalException(Supervisor.alreadyRunning(folder));
    }
    lock.get().close();
    try {
      Files.deleteIfExists(folder.ready());
      Files.deleteIfExists(folder.log(LOG));
      Path errors = folder.log(LOG + "-errors");
      Process supervisor =
          new ProcessBuilder(command())
              .redirectInput(new File("/dev/null"))
              .redirectOutput(errors.toFile())
              .redirectErrorStream(true)
              .start();
      Thread onCtrlC = new Thread(supervisor::destroy, "stop-on-signal");
      Runtime.getRuntime().addShutdownHook(onCtrlC);
      int code = follow(supervisor);
      Runtime.getRuntime().removeShutdownHook(onCtrlC);
      if (code != 0) {
        System.out.print(Files.readString(errors));
      }
      return code;
    } catch (IOException e) {
      throw new LocalException("cannot start in the background: " + e.getMessage(), e);
    }
  }

  private List<String> command() throws LocalException {
    List<String> command = new ArrayList<>();
    // A session of its own, so that neither Ctrl-C nor a closed terminal reaches it.
    for (String detacher : List.of("/usr/bin/setsid", "/usr/bin/nohup")) {
      if (command.isEmpty() && Files.isExecutable(Path.of(detacher))) {
        command.add(detacher);
      }
    }
    command.addAll(installation.localCommand());
    command.addAll(List.of("up", "--supervise", "--dir", folder.path().toString()));
    if (!network.isEmpty()) {
      command.addAll(List.of("--network", network));
    }
    return command;
  }

  private int follow(Process supervisor) throws IOException, InterruptedException {
    int shown = 0;
    while (true) {
      boolean ended = supervisor.waitFor(LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS);
      boolean ready = Files.exists(folder.ready());
      shown = show(shown);
      if (ended) {
        return Math.max(supervisor.exitValue(), Local.EXIT_REFUSED);
      }
      if (ready) {
        System.out.println("  It runs in the background. Stop it with: perigee down" + dirOption());
        return 0;
      }
    }
  }

  private String dirOption() {
    Path standard = StateFolder.of(Path.of(".perigee")).path();
    return folder.path().equals(standard) ? "" : " --dir " + folder.path();
  }

  /** Prints the whole lines past {@code from}. */
  private int show(int from) throws IOException {
    if (!Files.exists(folder.log(LOG))) {
      return from;
    }
    byte[] all = Files.readAllBytes(folder.log(LOG));
    int end = all.length;
    while (end > from && all[end - 1] != '\n') {
      end--;
    }
    System.out.print(new String(all, from, end - from, StandardCharsets.UTF_8));
    System.out.flush();
    return end;
  }
}
