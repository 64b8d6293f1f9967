package dev.perigee.edge.cache;

/** What became of a response that was to be kept. */
public sealed interface Stored {
  /** It can be found from now on. */
  record Kept(StoredResponse response) implements Stored {}

  /** It is not kept. */
  record Refused(StoreReason reason) implements Stored {}
}
