package dev.perigee.edge.store;

import dev.perigee.contract.Purge;
import java.util.List;

/**
 * The journal of a store that holds nothing on the disk: its purges concern what is in flight, and
 * end with the process.
 */
final class UnwrittenJournal implements Journal {
  private Head head = Head.NONE;

  @Override
  public Head head() {
    return head;
  }

  @Override
  public boolean isFull() {
    return false;
  }

  @Override
  public void append(List<Purge> purges) {}

  @Override
  public void restart(Head begun, List<Purge> kept) {
    head = begun;
  }

  @Override
  public void close() {}
}
