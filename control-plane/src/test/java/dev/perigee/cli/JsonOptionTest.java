package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Programs read what every command prints. */
final class JsonOptionTest {
  /** What a shell reads. */
  private static final List<String> SCRIPTS = List.of("perigee completion");

  private final List<String> without = new ArrayList<>();
  private int with;

  private void walk(CommandLine command) {
    boolean isGroup = command.getCommand() instanceof Commands.Group;
    if (command.getCommandSpec().findOption("--json") != null) {
      with++;
    } else if (!isGroup && command.getParent() != null) {
      without.add(command.getCommandSpec().qualifiedName());
    }
    command.getSubcommands().values().forEach(this::walk);
  }

  @Test
  void everyCommandThatPrintsTakesJson() {
    walk(PerigeeCli.whole());
    assertEquals(SCRIPTS, without);
    assertTrue(with > 50, "only " + with);
  }
}
