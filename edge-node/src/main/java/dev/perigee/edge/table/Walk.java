package dev.perigee.edge.table;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Goes through all entries of a {@link HashTrie}. */
final class Walk<V> implements Iterator<Map.Entry<String, V>> {
  /** What is still to be gone through, the innermost first. */
  private final Deque<Iterator<?>> open = new ArrayDeque<>();

  private @Nullable Leaf<V> next;

  Walk(@Nullable Object[] root) {
    open.push(Arrays.asList(root).iterator());
    next = seek();
  }

  @SuppressWarnings("unchecked") // entries are made of values alone
  private @Nullable Leaf<V> seek() {
    while (!open.isEmpty()) {
      Iterator<?> inner = open.element();
      if (!inner.hasNext()) {
        open.remove();
        continue;
      }
      Object slot = inner.next();
      if (slot instanceof Leaf<?> entry) {
        return (Leaf<V>) entry;
      }
      if (slot instanceof Bucket bucket) {
        open.push(bucket.entries().iterator());
      } else if (slot instanceof Object[] array) {
        open.push(Arrays.asList(array).iterator());
      }
    }
    return null;
  }

  @Override
  public boolean hasNext() {
    return next != null;
  }

  @Override
  public Map.Entry<String, V> next() {
    Leaf<V> found = next;
    if (found == null) {
      throw new NoSuchElementException();
    }
    next = seek();
    return found;
  }
}
