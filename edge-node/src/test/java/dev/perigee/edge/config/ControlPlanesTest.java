package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which control plane a node tries next. */
class ControlPlanesTest {
  @TempDir Path folder = Path.of("");

  private static ControlAddress at(int host) {
    return new ControlAddress("10.0.0." + host, 7443);
  }

  private ControlPlanes planes(long seed, ControlAddress... named) {
    return new ControlPlanes(List.of(named), folder.resolve("planes"), new Random(seed));
  }

  private static List<ControlAddress> next(ControlPlanes planes, int count) {
    List<ControlAddress> next = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      next.add(planes.next());
    }
    return next;
  }

  @Test
  void aRoundHasEachOnceAndNodesBeginAtDifferentOnes() {
    Set<ControlAddress> first = new HashSet<>();
    for (long seed = 0; seed < 50; seed++) {
      ControlPlanes planes = planes(seed, at(1), at(2), at(3));
      List<ControlAddress> round = next(planes, 3);
      assertEquals(Set.of(at(1), at(2), at(3)), Set.copyOf(round));
      assertTrue(planes.isRoundOver());
      first.add(round.getFirst());
    }
    assertEquals(3, first.size());
  }

  @Test
  void theOneThatWasLostIsTriedLast() {
    for (long seed = 0; seed < 50; seed++) {
      ControlPlanes planes = planes(seed, at(1), at(2), at(3));
      ControlAddress lost = planes.next();
      planes.reached();
      assertEquals(lost, next(planes, 3).getLast());
    }
  }

  @Test
  void thoseThatWereToldOfComeBeforeThoseThatWereNamedAndAreKeptOnDisk() {
    ControlPlanes planes = planes(1, at(1));
    assertFalse(planes.isChoice());
    planes.next();
    planes.told(List.of("10.0.0.2:7443", "10.0.0.3:7443", "no address", "10.0.0.1:99999"));
    assertTrue(planes.isChoice());
    assertEquals(Set.of(at(2), at(3)), Set.copyOf(next(planes, 2)));
    assertEquals(at(1), planes.next());

    ControlPlanes later = planes(2, at(1));
    assertEquals(Set.of(at(2), at(3)), Set.copyOf(next(later, 2)));
    assertEquals(at(1), later.next());
  }

  @Test
  void oneThatStoppedIsNotTriedAnyMore() {
    ControlPlanes planes = planes(1, at(1), at(2));
    planes.told(List.of("10.0.0.2:7443", "10.0.0.3:7443"));
    planes.told(List.of("10.0.0.2:7443"));
    assertEquals(List.of(at(2), at(1)), next(planes, 2));
    assertTrue(planes.isRoundOver());
  }

  @Test
  void aFileThatIsDamagedIsAsGoodAsNone() throws IOException {
    Files.write(folder.resolve("planes"), new byte[] {(byte) 0xff, 0, 10, 13});
    assertEquals(List.of(at(1)), next(planes(1, at(1)), 1));
  }
}
