package dev.perigee.local;

import dev.perigee.testkit.RunningProcess;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;

/**
 * A built tree in small: the launcher's folders, with stand-ins for the control plane and edges.
 */
record StandInHome(Path home, Path work) {
  static StandInHome create(Path folder) throws IOException {
    StandInHome made = new StandInHome(folder.resolve("home"), folder.resolve("work dir"));
    Files.createDirectories(made.work());
    Path options = made.home().resolve("infra/local");
    Files.createDirectories(options);
    for (String name : List.of("chronicle", "edge", "control", "small")) {
      Files.copy(Path.of(name + ".jvm"), options.resolve(name + ".jvm"));
    }
    Path geo = made.home().resolve("control-plane/geo/perigee-city.mmdb");
    Files.createDirectories(geo.getParent());
    Files.createFile(geo);
    made.jar("edge-node", "edge-node", StandIn.class);
    made.jar("control-plane", "control-plane", StandIn.class);
    made.jar("infra/local", "local", Local.class);
    return made;
  }

  /** {@code perigee up} or {@code down}, as the script would start it. */
  RunningProcess perigee(Map<String, String> environment, String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Dperigee.home=" + home);
    command.add("-jar");
    command.add(home.resolve("infra/local/target/perigee-local-0.1.0-SNAPSHOT.jar").toString());
    command.addAll(Arrays.asList(args));
    return RunningProcess.start("perigee " + args[0], work, environment, command);
  }

  StateFolder state() {
    return StateFolder.of(work.resolve(".perigee"));
  }

  /** A jar that holds nothing but the way to this test's own class path. */
  private void jar(String module, String name, Class<?> main) throws IOException {
    Path file = home.resolve(module + "/target/perigee-" + name + "-0.1.0-SNAPSHOT.jar");
    Files.createDirectories(file.getParent());
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.put(Attributes.Name.MAIN_CLASS, main.getName());
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(entry -> Path.of(entry).toUri().toString())
            .collect(Collectors.joining(" "));
    attributes.put(Attributes.Name.CLASS_PATH, classPath);
    try (OutputStream out = Files.newOutputStream(file);
        JarOutputStream jar = new JarOutputStream(out, manifest)) {
      jar.flush();
    }
  }
}
