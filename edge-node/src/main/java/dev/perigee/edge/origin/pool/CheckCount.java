package dev.perigee.edge.origin.pool;

/**
 * Health checks in a row that say other than what is believed.
 *
 * @param well what is believed
 * @param against checks in a row that say otherwise
 */
record CheckCount(boolean well, int against) {
  /** A server is believed to be well until checks say otherwise. */
  static final CheckCount FIRST = new CheckCount(true, 0);

  /** After one more check. */
  CheckCount next(boolean passed, int rise, int fall) {
    if (passed == well) {
      return new CheckCount(well, 0);
    }
    return against + 1 >= (well ? fall : rise)
        ? new CheckCount(passed, 0)
        : new CheckCount(well, against + 1);
  }
}
