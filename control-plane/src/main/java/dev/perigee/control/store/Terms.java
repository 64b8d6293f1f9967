package dev.perigee.control.store;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;

/**
 * On which terms a call changes things. {@link Database} keeps them in every transaction of the
 * call, so that no store can forget them: what is only tried is taken back at its end, and what
 * insists on how things are begins with a look at them, while nobody else changes any of their
 * kind.
 *
 * @param trial whether everything is taken back in the end
 * @param kind of the things that are changed; empty where no call can insist on how they are
 * @param condition whether they are as they have to be; empty where that does not matter
 */
public record Terms(boolean trial, Optional<String> kind, Optional<BooleanSupplier> condition) {
  /** The usual ones. */
  public static final Terms PLAIN = new Terms(false, Optional.empty(), Optional.empty());

  /** Of advisory locks, one for each kind; below it lies what kinds are called. */
  private static final long KINDS = 0x7065_7269L << Integer.SIZE;

  private static final ScopedValue<Call> CALL = ScopedValue.newInstance();

  /** A call under way, and whether its condition was found to hold, which its own changes end. */
  private record Call(Terms terms, AtomicBoolean met) {}

  /** Things are not as a call insists: its transaction is taken back. */
  public static final class Unmet extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unmet() {
      super("things are not as the call insists", null, false, false);
    }
  }

  /**
   * Runs a call on these terms, on this thread.
   *
   * @throws Unmet where the condition does not hold; nothing was changed
   */
  public <T> T during(Supplier<T> work) {
    return ScopedValue.where(CALL, new Call(this, new AtomicBoolean())).call(work::get);
  }

  /** Whether what this call does is taken back. */
  public static boolean isTrial() {
    return CALL.isBound() && CALL.get().terms().trial();
  }

  /** At the beginning of a transaction, before it locks anything else. */
  static void begin(Handle handle) {
    if (!CALL.isBound() || CALL.get().terms().kind().isEmpty()) {
      return;
    }
    Call call = CALL.get();
    long key = KINDS | Integer.toUnsignedLong(call.terms().kind().orElseThrow().hashCode());
    if (call.terms().condition().isEmpty()) {
      handle.execute("SELECT pg_advisory_xact_lock_shared(?)", key);
      return;
    }
    handle.execute("SELECT pg_advisory_xact_lock(?)", key);
    if (!call.met().get()) {
      if (!Database.within(handle, call.terms().condition().orElseThrow()::getAsBoolean)) {
        throw new Unmet();
      }
      call.met().set(true);
    }
  }
}
