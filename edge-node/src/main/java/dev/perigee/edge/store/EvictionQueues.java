package dev.perigee.edge.store;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Which object goes when room is needed: S3-FIFO (Yang et al., SOSP 2023) by bytes, over arrays of
 * primitives.
 *
 * <p>What is new stands in a probation queue that holds a small part of the room; who is asked for
 * again there moves on to the main queue, the others leave and are remembered by a fingerprint, so
 * that they enter the main queue at once if they come back soon. Of those who come back late, as
 * after a scan that is made again and again, a few enter: all of them would drive each other out
 * before any is asked for again, the few stay until they are. In the main queue whoever was asked
 * for since his last turn has another one. A hit only counts up a byte.
 *
 * <p>Probation is apart for each site and the one that holds most of it pays, so that a site that
 * is scanned loses its own newcomers and not another's.
 *
 * <p>15 bytes a slot, and 2 to 4 for fingerprints. Guarded by its shard's lock, but for {@link
 * #touch}.
 */
final class EvictionQueues {
  private static final int LEAST = 1024;
  private static final int NONE = -1;

  /** A bit of {@link #units}: the slot is in the main queue. */
  private static final int MAIN = 1 << 31;

  /**
   * Part of the room that probation may take: one of so many. The paper takes a tenth; on all
   * traces of the study a twenty-fifth was as good or better, for who comes back soon is
   * remembered.
   */
  private static final int PROBATION = 25;

  private static final int MAX_FREQUENCY = 3;

  /** Of those who come back late, one of so many enters the main queue. */
  private static final int LATE_ENTRY = 8;

  /** Evicted objects that are remembered, for each that is here. */
  private static final int REMEMBERED = 2;

  /** Slots looked at for one victim, pinned and protected ones included. */
  private static final int MAX_STEPS = 10_000;

  /** Evictions after which the site that pays is looked for anew. */
  private static final int SAME_PAYER = 64;

  private final GhostTable ghost = new GhostTable();
  private final SiteRoom sites;
  private int[] older = new int[LEAST];
  private int[] newer = new int[LEAST];
  private int[] units = new int[LEAST];
  private char[] owners = new char[LEAST];
  private byte[] frequencies = new byte[LEAST];
  private final SlotList main = new SlotList();
  private SiteUse[] uses = new SiteUse[0];
  private long used;
  private long probation;
  private int live;
  private int payer = NONE;
  private int payments;
  private int late;
  private double turns;
  private double probationTurns;

  /** Whose oldest slot in the main queue is looked at next, where a site is over its cap. */
  private int capHand = NONE;

  /** Ends of a list through {@link #older} and {@link #newer}. */
  private static final class SlotList {
    int oldest = NONE;
    int newest = NONE;
  }

  /** What one site holds. */
  private static final class SiteUse {
    final SlotList probation = new SlotList();
    long probationUnits;
    long used;
  }

  /**
   * @param sites what they hold, here and elsewhere in the shard
   */
  EvictionQueues(SiteRoom sites) {
    this.sites = sites;
  }

  /** Takes the slots one by one. */
  interface Visitor {
    void visit(int slot, boolean isMain, int frequency);
  }

  /**
   * A new object.
   *
   * @param site number of its site; those above 65535 share one
   * @param units that it takes
   * @param fingerprint by which it is known when it comes back
   */
  void add(int slot, int site, int units, int fingerprint) {
    boolean isMain =
        switch (ghost.evicted(fingerprint)) {
          case LATELY -> true;
          case BEFORE -> ++late % LATE_ENTRY == 0;
          case UNKNOWN -> false;
        };
    place(slot, site, units, isMain, 0);
  }

  /** An object that was here before a restart; the oldest of each queue comes first. */
  void restore(int slot, int site, int units, boolean isMain, int frequency) {
    place(slot, site, units, isMain, frequency);
  }

  private void place(int slot, int site, int count, boolean isMain, int frequency) {
    grow(slot);
    owners[slot] = (char) SiteRoom.number(site);
    units[slot] = count;
    frequencies[slot] = (byte) frequency;
    SiteUse use = use(owners[slot]);
    use.used += count;
    used += count;
    sites.take(site, count);
    live++;
    if (isMain) {
      toMain(slot);
    } else {
      use.probationUnits += count;
      probation += count;
      link(use.probation, slot);
    }
  }

  /** A hit. Any thread, without the lock; of several at once some may be lost. */
  void touch(int slot) {
    byte[] counts = frequencies;
    if (slot < counts.length && counts[slot] < MAX_FREQUENCY) {
      counts[slot]++;
    }
  }

  /** An object that goes for another reason than want of room. */
  void remove(int slot) {
    unlink(slot);
    SiteUse use = use(owners[slot]);
    use.used -= units(slot);
    used -= units(slot);
    sites.give(owners[slot], units(slot));
    live--;
    units[slot] = 0;
  }

  /** An object that makes room. */
  void evicted(int slot, int fingerprint) {
    if (!isMain(slot)) {
      ghost.remember(Math.multiplyExact(live, REMEMBERED));
      ghost.add(fingerprint);
    }
    remove(slot);
  }

  /**
   * Who goes next. It stays until {@link #evicted} is called.
   *
   * @param evictable whether a slot may go at all; it may be read just now
   * @return a slot; -1 when all is the share of its site, or being read, or none was met in a
   *     bounded number of steps
   */
  int victim(IntPredicate evictable) {
    for (int steps = 0; steps < MAX_STEPS && live > 0; steps++) {
      boolean fromProbation = isProbationOver(used) || main.oldest == NONE;
      int found =
          fromProbation ? probationVictim(evictable) : mainVictim(main.oldest, evictable, true);
      if (found == NONE && fromProbation && payer == NONE) {
        found = main.oldest == NONE ? NONE : mainVictim(main.oldest, evictable, true);
      }
      if (found != NONE) {
        return found;
      }
    }
    return NONE;
  }

  /** The oldest of the site that pays; it may move on instead. */
  private int probationVictim(IntPredicate evictable) {
    int site = payer();
    if (site == NONE) {
      return NONE;
    }
    int slot = uses[site].probation.oldest;
    probationTurns += (double) units(slot) / probation;
    if (main.oldest == NONE) {
      turns += (double) units(slot) / used;
    }
    payments++;
    if (frequencies[slot] > 0) {
      frequencies[slot] = 0;
      promote(slot);
      return NONE;
    }
    if (!evictable.test(slot)) {
      promote(slot);
      return NONE;
    }
    return slot;
  }

  private void promote(int slot) {
    unlink(slot);
    toMain(slot);
  }

  private void toMain(int slot) {
    units[slot] |= MAIN;
    link(main, slot);
  }

  /** The slot, unless it has another turn. */
  private int mainVictim(int slot, IntPredicate evictable, boolean protectShares) {
    turns += (double) units(slot) / (used - probation);
    boolean isProtected = protectShares && sites.isShare(owners[slot]);
    if (frequencies[slot] > 0) {
      frequencies[slot]--;
    } else if (!isProtected && evictable.test(slot)) {
      return slot;
    }
    unlink(slot);
    link(main, slot);
    return NONE;
  }

  /** The site that holds most of probation beyond its share; -1 when none holds any. */
  private int payer() {
    if (payer != NONE && payments < SAME_PAYER && mayPay(payer)) {
      return payer;
    }
    payments = 0;
    payer = NONE;
    long most = 0;
    for (int site = 0; site < uses.length; site++) {
      if (mayPay(site) && uses[site].probationUnits > most) {
        most = uses[site].probationUnits;
        payer = site;
      }
    }
    return payer;
  }

  private boolean mayPay(int site) {
    return uses[site].probation.oldest != NONE && !sites.isShare(site);
  }

  /** Everything is a site's share or was asked for: whoever may go at all; -1 for nobody. */
  int lastResort(IntPredicate evictable) {
    int steps = 0;
    for (int slot = main.oldest; slot != NONE && steps++ < MAX_STEPS; slot = newer[slot]) {
      if (evictable.test(slot)) {
        return slot;
      }
    }
    for (SiteUse use : uses) {
      for (int slot = use.probation.oldest;
          slot != NONE && steps++ < 2 * MAX_STEPS;
          slot = newer[slot]) {
        if (evictable.test(slot)) {
          return slot;
        }
      }
    }
    return NONE;
  }

  /** Who goes next of a site that is over its cap; -1 when none was met in a bounded time. */
  int victimOf(int site, IntPredicate evictable) {
    int own = SiteRoom.number(site);
    for (int slot = use(own).probation.oldest; slot != NONE; slot = newer[slot]) {
      if (evictable.test(slot)) {
        return slot;
      }
    }
    for (int steps = 0; steps < MAX_STEPS; steps++) {
      int slot = capHand == NONE ? main.oldest : capHand;
      if (slot == NONE) {
        return NONE;
      }
      capHand = newer[slot];
      if (owners[slot] == own && evictable.test(slot)) {
        if (frequencies[slot] == 0) {
          return slot;
        }
        frequencies[slot]--;
      }
    }
    return NONE;
  }

  /** Whether newcomers hold more than their part of so many units. */
  boolean isProbationOver(long all) {
    return probation > Math.max(1, all / PROBATION);
  }

  /** How often the hand has gone round the main queue, or seems to have. */
  double turns() {
    return turns;
  }

  /** The same of the probation queue. */
  double probationTurns() {
    return probationTurns;
  }

  /** Counts as if it were no more than so many turns behind another. */
  void catchUp(EvictionQueues other, double turnsBehind) {
    turns = Math.max(turns, other.turns - turnsBehind);
    probationTurns = Math.max(probationTurns, other.probationTurns - turnsBehind);
  }

  /** Units that all objects take. */
  long used() {
    return used;
  }

  /** Units that the objects of a site take here. */
  long used(int site) {
    return use(SiteRoom.number(site)).used;
  }

  int site(int slot) {
    return owners[slot];
  }

  int units(int slot) {
    return units[slot] & ~MAIN;
  }

  private boolean isMain(int slot) {
    return (units[slot] & MAIN) != 0;
  }

  /** Every slot, the oldest of each queue first. */
  void forEach(Visitor visitor) {
    for (SiteUse use : uses) {
      for (int slot = use.probation.oldest; slot != NONE; slot = newer[slot]) {
        visitor.visit(slot, false, frequencies[slot]);
      }
    }
    for (int slot = main.oldest; slot != NONE; slot = newer[slot]) {
      visitor.visit(slot, true, frequencies[slot]);
    }
  }

  /** Bytes of heap that it takes, sites apart. */
  long heapBytes() {
    return 15L * units.length + ghost.heapBytes();
  }

  private SiteUse use(int site) {
    if (site >= uses.length) {
      int before = uses.length;
      uses = Arrays.copyOf(uses, Math.max(site + 1, before + before / 2));
      for (int i = before; i < uses.length; i++) {
        uses[i] = new SiteUse();
      }
    }
    return uses[site];
  }

  private void grow(int slot) {
    if (slot < units.length) {
      return;
    }
    int length = Math.addExact(slot, Math.max(LEAST, slot / 8));
    older = Arrays.copyOf(older, length);
    newer = Arrays.copyOf(newer, length);
    units = Arrays.copyOf(units, length);
    owners = Arrays.copyOf(owners, length);
    frequencies = Arrays.copyOf(frequencies, length);
  }

  private void link(SlotList list, int slot) {
    if (list.newest == NONE) {
      list.oldest = slot;
      list.newest = slot;
      older[slot] = NONE;
      newer[slot] = NONE;
    } else {
      older[slot] = list.newest;
      newer[slot] = NONE;
      newer[list.newest] = slot;
      list.newest = slot;
    }
  }

  /** Out of the queue it is in; in no queue it then still has its units. */
  private void unlink(int slot) {
    SlotList list = main;
    if (!isMain(slot)) {
      SiteUse use = use(owners[slot]);
      list = use.probation;
      use.probationUnits -= units(slot);
      probation -= units(slot);
    }
    if (capHand == slot) {
      capHand = newer[slot];
    }
    if (older[slot] == NONE) {
      list.oldest = newer[slot];
    } else {
      newer[older[slot]] = newer[slot];
    }
    if (newer[slot] == NONE) {
      list.newest = older[slot];
    } else {
      older[newer[slot]] = older[slot];
    }
  }
}
