package dev.perigee.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

/**
 * The last {@value #LINES} lines a process wrote, each cut at {@value #LINE_LENGTH} characters, and
 * a place to wait for the next one.
 */
final class OutputTail {
  private static final int LINES = 2_000;
  private static final int LINE_LENGTH = 4_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition grown = lock.newCondition();
  private final Deque<String> lines = new ArrayDeque<>();
  private boolean ended;

  /** Reads to the end, on the caller's thread. */
  void drain(Reader source) {
    try (BufferedReader reader = new BufferedReader(source)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        add(line.length() > LINE_LENGTH ? line.substring(0, LINE_LENGTH) : line);
      }
    } catch (IOException e) {
      add("(output ended: " + e.getMessage() + ")");
    } finally {
      end();
    }
  }

  /** The first kept line in which {@code regex} is found; empty at time-out or end of output. */
  Optional<String> await(Pattern regex, Duration timeout) throws InterruptedException {
    long left = timeout.toNanos();
    lock.lock();
    try {
      while (true) {
        Optional<String> found = lines.stream().filter(l -> regex.matcher(l).find()).findFirst();
        if (found.isPresent() || ended || left <= 0) {
          return found;
        }
        left = grown.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  String text() {
    lock.lock();
    try {
      return String.join("\n", lines);
    } finally {
      lock.unlock();
    }
  }

  private void add(String line) {
    lock.lock();
    try {
      if (lines.size() == LINES) {
        lines.removeFirst();
      }
      lines.addLast(line);
      grown.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    lock.lock();
    try {
      ended = true;
      grown.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
