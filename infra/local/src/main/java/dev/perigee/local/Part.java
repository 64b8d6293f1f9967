package dev.perigee.local;

import java.util.ArrayList;
import java.util.List;

/**
 * One process of the network, before it runs.
 *
 * @param name file name of its log and pid
 * @param title what people call it
 * @param command program and arguments
 * @param firstArguments added at the first start only, such as a join token that is good once
 * @param readyMark found in the line by which it says that it is ready
 */
record Part(
    String name,
    String title,
    List<String> command,
    List<String> firstArguments,
    String readyMark) {
  Part {
    command = List.copyOf(command);
    firstArguments = List.copyOf(firstArguments);
  }

  /** The command of the first start, or of a later one. */
  List<String> command(boolean first) {
    List<String> all = new ArrayList<>(command);
    if (first) {
      all.addAll(firstArguments);
    }
    return all;
  }

  /** The parts show their secrets to nobody. */
  @Override
  public String toString() {
    return "Part[" + name + "]";
  }
}
