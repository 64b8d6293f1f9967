package dev.perigee.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder under which everything lives that {@code perigee up} keeps:
 *
 * <pre>
 * token          the operator token, readable by its owner only
 * control/       state of the control plane
 * edges/NAME/    state of an edge
 * logs/          what each part says
 * run/NAME.pid   who runs, to find what a crash left behind
 * up.lock        locked while a network runs here
 * up.pid         who locked it
 * up.ready       there while the network is ready
 * </pre>
 */
record StateFolder(Path path) {
  static StateFolder of(Path path) {
    return new StateFolder(path.toAbsolutePath().normalize());
  }

  void create() throws LocalException {
    try {
      Files.createDirectories(logs());
      Files.createDirectories(run());
      Files.createDirectories(path.resolve("edges"));
    } catch (IOException e) {
      throw new LocalException("cannot create folders under " + path + ": " + e.getMessage(), e);
    }
  }

  Path token() {
    return path.resolve("token");
  }

  Path control() {
    return path.resolve("control");
  }

  Path edge(String name) {
    return path.resolve("edges").resolve(name);
  }

  /** Whether an edge seems to have enrolled; one that has ignores a further join token. */
  boolean hasIdentity(String edge) {
    return Files.isRegularFile(edge(edge).resolve("identity.pem"));
  }

  /**
   * Removes the state of an edge that the control plane does not know: its certificate is of
   * another CA, and its objects of another network. Whether there was any.
   */
  boolean forgetEdge(String name) throws LocalException {
    Path state = edge(name);
    if (!Files.isDirectory(state)) {
      return false;
    }
    try (Stream<Path> files = Files.walk(state)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
      return true;
    } catch (IOException e) {
      throw new LocalException("cannot remove " + state + ": " + e.getMessage(), e);
    }
  }

  Path logs() {
    return path.resolve("logs");
  }

  Path log(String part) {
    return logs().resolve(part + ".log");
  }

  Path lock() {
    return path.resolve("up.lock");
  }

  PidFile supervisor() {
    return new PidFile(path.resolve("up.pid"));
  }

  Path ready() {
    return path.resolve("up.ready");
  }

  PidFile child(String part) {
    return new PidFile(run().resolve(part + ".pid"));
  }

  /** The pid files of all children, also of those that ran before a crash. */
  List<PidFile> children() {
    List<PidFile> found = new ArrayList<>();
    if (!Files.isDirectory(run())) {
      return found;
    }
    try (Stream<Path> files = Files.list(run())) {
      files.filter(f -> f.toString().endsWith(".pid")).map(PidFile::new).forEach(found::add);
    } catch (IOException e) {
      return found;
    }
    return found;
  }

  private Path run() {
    return path.resolve("run");
  }
}
