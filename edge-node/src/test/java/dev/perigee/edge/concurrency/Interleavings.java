package dev.perigee.edge.concurrency;

import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.StressOptions;

/** How much is tried: a few seconds in every build, minutes in the full run. */
final class Interleavings {
  private static final boolean FULL = Boolean.getBoolean("perigee.full");

  private Interleavings() {}

  /** Every order of the threads' steps that so many runs come to. */
  static void of(Runnable threads) {
    Lincheck.runConcurrentTest(FULL ? 1000 : 40, threads);
  }

  /**
   * Random calls of the subject's operations by three threads, in many orders of their steps: what
   * each call says, some order of whole calls by the rules must explain. For full runs: it takes
   * minutes.
   */
  static void ofCalls(Class<?> subject, Class<?> rules) {
    new ModelCheckingOptions()
        .iterations(4)
        .invocationsPerIteration(20)
        .threads(3)
        .actorsBefore(3)
        .actorsPerThread(3)
        .actorsAfter(2)
        .minimizeFailedScenario(true)
        .addGuarantee(
            ManagedStrategyGuaranteeKt.forClasses(
                    name -> name.startsWith("com.github.benmanes.caffeine"))
                .allMethods()
                .treatAsAtomic())
        .sequentialSpecification(rules)
        .check(subject);
  }

  /** The same on the machine's own threads, whose memory is weaker than the model's. */
  static void ofCallsOnThreads(Class<?> subject, Class<?> rules) {
    new StressOptions()
        .iterations(FULL ? 12 : 4)
        .invocationsPerIteration(FULL ? 500 : 200)
        .threads(3)
        .actorsBefore(3)
        .actorsPerThread(3)
        .actorsAfter(2)
        .sequentialSpecification(rules)
        .check(subject);
  }
}
