package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What can be said of a site's tiers on the command line. */
final class SiteTiersCommandTest {
  private static SiteTiersCommand parsed(String... args) {
    SiteTiersCommand command = new SiteTiersCommand();
    new CommandLine(command).parseArgs(args);
    return command;
  }

  @Test
  void eachIsSwitchedByTrueAndFalseWithASpaceOrAnEqualsSign() {
    SiteTiersCommand command = parsed("www.shop.example", "--pop-share", "true", "--shield=false");

    assertEquals(true, command.popShare);
    assertEquals(false, command.shield);
    assertEquals("www.shop.example", command.site);
  }
}
