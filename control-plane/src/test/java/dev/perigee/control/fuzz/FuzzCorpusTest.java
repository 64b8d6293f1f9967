package dev.perigee.control.fuzz;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Nothing that reads untrusted bytes throws, whatever they are. {@link FuzzingIT} looks further.
 */
class FuzzCorpusTest {
  private static final int MUTATIONS = 200;

  @ParameterizedTest
  @EnumSource
  void theCorpusAndWhatIsNearItAreRead(FuzzTarget target) throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<Path> inputs;
    try (Stream<Path> files = Files.list(target.corpus())) {
      inputs = files.sorted().toList();
    }
    assertFalse(inputs.isEmpty(), "no corpus in " + target.corpus());
    for (Path input : inputs) {
      byte[] bytes = Files.readAllBytes(input);
      run(target, bytes, input + " as it is");
      for (int i = 0; i < MUTATIONS; i++) {
        run(target, mutated(bytes, random), input + " mutated, seed " + seed);
      }
    }
  }

  private static void run(FuzzTarget target, byte[] bytes, String what) {
    try {
      target.run(bytes);
    } catch (RuntimeException | Error e) {
      throw new AssertionError(what + ": " + Arrays.toString(bytes), e);
    }
  }

  /** One to three changes: a byte flipped, cut off, or a part moved. */
  private static byte[] mutated(byte[] bytes, Random random) {
    byte[] out = bytes.clone();
    for (int i = random.nextInt(3); i >= 0 && out.length > 1; i--) {
      int at = random.nextInt(out.length);
      switch (random.nextInt(3)) {
        case 0 -> out[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> out = Arrays.copyOf(out, at);
        default -> System.arraycopy(out, at, out, random.nextInt(at + 1), out.length - at);
      }
    }
    return out;
  }
}
