package dev.perigee.control;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The plan of the control plane's code, as ARCHITECTURE.md draws it. */
final class ArchitectureTest {
  private static final String ROOT = "dev.perigee.control";
  private static final JavaClasses CONTROL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT, "dev.perigee.cli");

  private static String[] at(String names) {
    String[] packages = names.split(" ", -1);
    for (int i = 0; i < packages.length; i++) {
      packages[i] = packages[i].equals("cli") ? "dev.perigee.cli.." : at1(packages[i]);
    }
    return packages;
  }

  private static String at1(String name) {
    return name.equals("root") ? ROOT : ROOT + "." + name + "..";
  }

  @ParameterizedTest
  @CsvSource({
    "acme, api changelog claim console dns lastgood limit pki probe rollout signin steer stream"
        + " root cli",
    "claim, api changelog console dns fleet pki probe rollout signin steer stream root cli",
    "store, acme api changelog claim console dns fleet pki probe rollout signin steer stream root"
        + " cli",
    "fleet, acme api changelog claim console dns pki probe rollout signin steer store stream root"
        + " cli",
    "changelog, acme api claim console dns fleet pki probe rollout signin steer stream root cli",
    "lastgood, api changelog claim console dns limit pki probe rollout signin steer stream root"
        + " cli",
    "telemetry, api changelog claim console dns fleet lastgood limit pki probe rollout steer store"
        + " stream root cli",
    "limit, api changelog claim console dns fleet pki probe rollout steer store stream root cli",
    "pki, api changelog claim console dns fleet probe rollout steer stream root cli",
    "signin, api changelog claim console dns fleet pki probe rollout steer stream root cli",
    "probe, api changelog claim console dns pki rollout steer stream root cli",
    "rollout, api changelog claim console dns fleet pki probe steer stream root cli",
    "stream, acme api claim console dns probe steer root cli",
    "steer, acme api changelog claim console dns pki probe rollout stream root cli",
    "dns, acme api changelog claim console fleet pki probe rollout stream root cli",
    "api, changelog console dns probe rollout stream root cli",
    "console, changelog claim dns fleet pki probe rollout steer store stream root cli",
    "tls, api changelog claim console dns fleet lastgood limit pki probe rollout steer store stream"
        + " telemetry root cli",
    "cli, api changelog claim console dns fleet pki probe rollout steer store stream root"
  })
  void aPackageDoesNotKnow(String own, String others) {
    noClasses()
        .that()
        .resideInAnyPackage(at(own))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(at(others))
        .check(CONTROL);
  }

  @ParameterizedTest
  @CsvSource({
    "io.undertow.., api steer telemetry",
    "org.xnio.., api steer telemetry",
    "io.micrometer.., telemetry",
    "io.grpc.., stream",
    "com.google.protobuf.., stream",
    "dev.perigee.contract.sync.v1.., stream",
    "dev.perigee.contract.replica.v1.., stream",
    "com.maxmind.., steer",
    "org.bouncycastle.., pki store",
    "org.shredzone.., acme",
    "org.jdbi.., store",
    "org.flywaydb.., store",
    "org.postgresql.., store",
    "com.zaxxer.., store",
    "io.zonky.., store",
    "java.sql.., store",
    "com.fasterxml.jackson.., api cli",
    "picocli.., root cli",
    "com.nimbusds.., signin",
    "org.yaml.., cli",
    "dev.perigee.control.tls.., root acme api steer tls"
  })
  void aLibraryHasItsOwners(String library, String owners) {
    noClasses()
        .that()
        .resideOutsideOfPackages(at(owners))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .check(CONTROL);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CONTROL);
  }

  @Test
  void theEdgeIsNotSeen() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.perigee.edge..")
        .check(CONTROL);
  }

  @Test
  void staticFieldsAreFinal() {
    fields().that().areStatic().should().beFinal().check(CONTROL);
  }

  @Test
  void clockAndRandomnessAreGiven() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName(ROOT + ".ControlPlane")
        .and()
        .haveNameNotMatching(ROOT.replace(".", "\\.") + "\\.BackupCommands.*")
        .and() // A command, which is the root of its process.
        .doNotHaveFullyQualifiedName("dev.perigee.cli.DnsCheckCommand")
        .and()
        .doNotHaveFullyQualifiedName("dev.perigee.cli.DoctorCommand")
        .and() // Nothing but lines of logs hangs on its clock.
        .doNotHaveFullyQualifiedName(ROOT + ".store.OutageLog")
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(InstantSource.class, "system")
        .orShould()
        .callMethod(Clock.class, "systemUTC")
        .orShould()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callConstructor(Random.class)
        .orShould()
        .callConstructor(java.security.SecureRandom.class)
        .check(CONTROL);
  }
}
