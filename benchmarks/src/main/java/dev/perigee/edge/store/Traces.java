package dev.perigee.edge.store;

import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.NullMarked;

/**
 * Requests for objects as the study of eviction asks for them: the same for the same seed, whoever
 * is to answer them.
 */
@NullMarked
final class Traces {
  static final int REQUESTS = 2_000_000;
  private static final int OBJECTS = 200_000;
  private static final int UNIT = 4096;
  private static final int LARGEST = 50 << 20;

  private Traces() {}

  /**
   * One trace.
   *
   * @param objects what is asked for, in order
   * @param bytes of each object
   */
  @SuppressWarnings("ArrayRecordComponent") // millions of them
  record Trace(String name, int[] objects, int[] bytes) {
    /** Bytes of everything that is asked for, in whole blocks of 4 KiB. */
    long footprint() {
      boolean[] seen = new boolean[bytes.length];
      long sum = 0;
      for (int object : objects) {
        if (!seen[object]) {
          seen[object] = true;
          sum += (long) (bytes[object] + UNIT - 1) / UNIT * UNIT;
        }
      }
      return sum;
    }
  }

  /** Draws ranks with probability ~ 1 / rank^skew (Devroye 1986, by inversion of a table). */
  private static final class Zipf {
    private final double[] sums;

    Zipf(int objects, double skew) {
      sums = new double[objects];
      double sum = 0;
      for (int rank = 0; rank < objects; rank++) {
        sum += 1 / Math.pow(rank + 1.0, skew);
        sums[rank] = sum;
      }
    }

    int next(Random random) {
      int at = Arrays.binarySearch(sums, random.nextDouble() * sums[sums.length - 1]);
      return Math.min(at < 0 ? -at - 1 : at, sums.length - 1);
    }
  }

  /** Zipf, with a part of the requests for objects that nobody asks for again. */
  static Trace withOneHitWonders(String name, double skew, boolean webSizes, long seed) {
    Random random = new Random(seed);
    Zipf zipf = new Zipf(OBJECTS, skew);
    int[] objects = new int[REQUESTS];
    int next = OBJECTS;
    for (int i = 0; i < REQUESTS; i++) {
      objects[i] = random.nextInt(10) < 2 ? next++ : zipf.next(random);
    }
    return new Trace(name, objects, webSizes ? webSizes(next, random) : equalSizes(next));
  }

  /** Zipf, and now and then somebody asks for everything there is, once and in order. */
  static Trace withScans(String name, long seed) {
    Random random = new Random(seed);
    Zipf zipf = new Zipf(OBJECTS, 0.9);
    int[] objects = new int[REQUESTS];
    int scanned = OBJECTS;
    for (int i = 0; i < REQUESTS; i++) {
      boolean scanning = i % 200_000 > 140_000;
      if (i % 200_000 == 0) {
        scanned = OBJECTS;
      }
      objects[i] = scanning && i % 2 == 0 ? scanned++ : zipf.next(random);
    }
    return new Trace(name, objects, equalSizes(OBJECTS + REQUESTS));
  }

  /** Zipf, where every 100 000 requests a twentieth of all objects change places. */
  static Trace withShifts(String name, long seed) {
    Random random = new Random(seed);
    Zipf zipf = new Zipf(OBJECTS, 1.0);
    int[] places = new int[OBJECTS];
    Arrays.setAll(places, i -> i);
    int[] objects = new int[REQUESTS];
    for (int i = 0; i < REQUESTS; i++) {
      if (i % 100_000 == 0) {
        for (int swap = 0; swap < OBJECTS / 20; swap++) {
          // One of the popular with any.
          int one = (int) Math.exp(random.nextDouble() * Math.log(OBJECTS));
          int other = random.nextInt(OBJECTS);
          int object = places[one % OBJECTS];
          places[one % OBJECTS] = places[other];
          places[other] = object;
        }
      }
      objects[i] = places[zipf.next(random)];
    }
    return new Trace(name, objects, equalSizes(OBJECTS));
  }

  private static int[] equalSizes(int objects) {
    int[] bytes = new int[objects];
    Arrays.fill(bytes, UNIT);
    return bytes;
  }

  /** 200 B to 50 MB: log-normal around 12 KB, one in twenty of a Pareto tail. */
  private static int[] webSizes(int objects, Random random) {
    int[] bytes = new int[objects];
    for (int i = 0; i < objects; i++) {
      double size =
          random.nextInt(20) == 0
              ? 100_000 / Math.pow(1 - random.nextDouble(), 1 / 1.1)
              : Math.exp(9.4 + 1.6 * random.nextGaussian());
      bytes[i] = (int) Math.clamp(size, 200, LARGEST);
    }
    return bytes;
  }
}
