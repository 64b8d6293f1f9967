package dev.perigee.control;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import dev.perigee.control.steer.AsnDatabase;
import dev.perigee.control.steer.GeoDatabase;
import dev.perigee.control.steer.GeoLocator;
import dev.perigee.control.steer.GeoOverride;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Who knows where a client is: the operator's own file before the other.
 *
 * @param own the operator's file, where there is one
 * @param cities the database, where there is one
 */
record GeoLayers(Optional<GeoOverride> own, Optional<GeoDatabase> cities) {
  static GeoLocator usual(Optional<GeoDatabase> cities) {
    return cities.<GeoLocator>map(file -> file).orElseGet(GeoLocator::unknown);
  }

  GeoLocator locator() {
    return own.<GeoLocator>map(file -> file).orElseGet(() -> usual(cities));
  }

  /** The files that locate, in the same order. */
  List<Supplier<Optional<GeoFile>>> files() {
    List<Supplier<Optional<GeoFile>>> layers = new ArrayList<>();
    own.ifPresent(file -> layers.add(file::file));
    cities.ifPresent(file -> layers.add(file::file));
    return layers;
  }

  /** What edges may be given now. */
  Supplier<List<GeoFile>> forEdges(Optional<AsnDatabase> systems) {
    return () ->
        Stream.of(
                cities.flatMap(GeoDatabase::file),
                systems.flatMap(AsnDatabase::file),
                own.flatMap(GeoOverride::file))
            .flatMap(Optional::stream)
            .toList();
  }

  /**
   * The same, and what edges are to drop: the operator's file where there is none. One that was not
   * read to its end yet is neither.
   */
  Supplier<List<GeoFile>> orNone(Supplier<List<GeoFile>> files) {
    List<GeoFile> none = own.isPresent() ? List.of() : List.of(GeoFile.none(GeoKind.OVERRIDE));
    return () -> Stream.concat(files.get().stream(), none.stream()).toList();
  }
}
