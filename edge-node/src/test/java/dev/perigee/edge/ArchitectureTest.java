package dev.perigee.edge;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The plan of the code, as ARCHITECTURE.md draws it. */
final class ArchitectureTest {
  private static final JavaClasses EDGE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.perigee.edge");

  private static String at(String name) {
    return "dev.perigee.edge." + name + "..";
  }

  @ParameterizedTest
  @CsvSource({
    "routing, policy",
    "routing, cache",
    "routing, collapse",
    "routing, origin",
    "policy, routing",
    "policy, cache",
    "policy, collapse",
    "policy, origin",
    "policy, limit",
    "limit, routing",
    "limit, policy",
    "limit, cache",
    "limit, collapse",
    "limit, origin",
    "limit, store",
    "limit, listener",
    "limit, geo",
    "config, limit",
    "cache, limit",
    "origin, limit",
    "cache, routing",
    "cache, policy",
    "cache, collapse",
    "cache, origin",
    "cache, store",
    "collapse, routing",
    "collapse, policy",
    "collapse, origin",
    "collapse, store",
    "origin, routing",
    "origin, policy",
    "origin, cache",
    "origin, collapse",
    "origin, store",
    "pipeline, store",
    "pipeline, listener",
    "store, pipeline",
    "store, origin",
    "request, cache",
    "request, routing",
    "request, listener",
    "respond, store",
    "policy, geo",
    "listener, geo",
    "store, geo",
    "request, geo",
    "geo, store",
    "geo, listener",
    "geo, pipeline",
    "config, geo"
  })
  void aStageDoesNotKnow(String stage, String other) {
    noClasses()
        .that()
        .resideInAPackage(at(stage))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(at(other))
        .check(EDGE);
  }

  @ParameterizedTest
  @CsvSource({
    "net.openhft.., store",
    "com.github.benmanes.caffeine.., store",
    "io.grpc.., config",
    "com.maxmind.., geo",
    "org.greenbytes.., cache",
    "io.micrometer.., telemetry",
    "io.netty.., listener.tls",
    "com.aayushatharva.., respond.coding",
    "com.github.luben.., respond.coding"
  })
  void aLibraryHasOneOwner(String library, String owner) {
    noClasses()
        .that()
        .resideOutsideOfPackage(at(owner))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .check(EDGE);
  }

  @Test
  void undertowIsKnownToListenerOriginAndTheRoot() {
    noClasses()
        .that()
        .resideOutsideOfPackages(at("listener"), at("origin"), at("transport"), "dev.perigee.edge")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.undertow..", "org.xnio..")
        .check(EDGE);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("dev.perigee.edge.(*)..").should().beFreeOfCycles().check(EDGE);
  }

  @Test
  void staticFieldsAreFinal() {
    fields()
        .that()
        .areStatic()
        .and()
        .areDeclaredInClassesThat()
        .resideInAPackage("dev.perigee.edge..")
        .should()
        .beFinal()
        .check(EDGE);
  }

  @Test
  void theClockIsGiven() {
    noClasses()
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callConstructor(java.util.Random.class)
        .check(EDGE);
  }
}
