package dev.perigee.control.acme;

import java.util.List;

/** The part of an order that is this network's. */
interface Proving {
  /** Shows what is to be found, and waits until it is found everywhere. */
  void show(List<Proof> proofs) throws Stopped, InterruptedException;

  /**
   * Says that the order goes on, and waits a moment.
   *
   * @param step what it waits for
   */
  void waits(String step, long millis) throws Stopped, InterruptedException;
}
