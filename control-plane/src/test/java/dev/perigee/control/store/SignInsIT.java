package dev.perigee.control.store;

import static dev.perigee.control.store.PostgresStoresIT.committed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.NothingLeaks;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who may sign in, and what becomes of the tokens of those who did. */
@ExtendWith(NothingLeaks.class)
final class SignInsIT {
  private static final Duration HOURS = Duration.ofHours(8);

  private final TestPostgres postgres = TestPostgres.fresh();
  private final SignInStore store = new SignInStore(postgres.database());
  private final TokenStore tokens = new TokenStore(postgres.database());
  private final AuditLog audit = new AuditLog(postgres.database(), 0);

  @AfterEach
  void stop() {
    audit.close();
    postgres.close();
  }

  private SignIn add(SignIn.Claim claim, String value, Role role) {
    Optional<String> whose = role == Role.OPERATOR ? Optional.empty() : Optional.of("first");
    Change<SignIn> change =
        store.add(new SignIn.Wanted(claim, value, role, whose, Optional.empty()));
    if (change instanceof Change.Committed<SignIn>(SignIn made, long _)) {
      return made;
    }
    throw new AssertionError(change);
  }

  private ApiToken admitted(SignIn as, String name, String hash) {
    Change<ApiToken> change = store.admit(as, name, hash, HOURS);
    if (change instanceof Change.Committed<ApiToken>(ApiToken made, long _)) {
      return made;
    }
    throw new AssertionError(change);
  }

  @Test
  void theNameThatNeverChangesGoesBeforeTheAddressAndThatBeforeGroups() {
    add(SignIn.Claim.GROUP, "staff", Role.VIEWER);
    add(SignIn.Claim.GROUP, "admins", Role.OPERATOR);
    add(SignIn.Claim.EMAIL, "bea@people.example", Role.EDITOR);
    add(SignIn.Claim.SUB, "b-1", Role.OWNER);
    Optional<String> bea = Optional.of("bea@people.example");
    Set<String> both = Set.of("admins", "staff");

    assertEquals(Role.OWNER, store.of("b-1", bea, both).orElseThrow().role());
    assertEquals(Role.EDITOR, store.of("b-2", bea, both).orElseThrow().role());
    assertEquals(Role.VIEWER, store.of("b-2", Optional.empty(), both).orElseThrow().role());
    assertEquals(Optional.empty(), store.of("b-2", Optional.empty(), Set.of("others")));
    // What one claim says is not what another one means.
    assertEquals(Optional.empty(), store.of("staff", Optional.of("b-1"), Set.of("b-1")));
  }

  @Test
  void whoeverIsTakenBackLosesItsTokensAndThoseThatItMade() {
    SignIn owners = add(SignIn.Claim.GROUP, "owners", Role.OWNER);
    ApiToken ann = admitted(owners, "ann", "of-ann");
    AuditLog.Caller caller =
        new AuditLog.Caller(
            "ann", Optional.of(ann.id()), Optional.of(Role.OWNER), ann.organisation(), "x", "", "");
    ApiToken.Wanted wanted =
        new ApiToken.Wanted(
            "ci", Role.OWNER, Optional.of("first"), Optional.empty(), Optional.empty());
    ApiToken made =
        switch (audit.during(caller, () -> tokens.add(wanted, "made-by-ann"), one -> 201)) {
          case Change.Committed<ApiToken>(ApiToken token, long _) -> token;
          default -> throw new AssertionError();
        };
    AuditLog.Caller again =
        new AuditLog.Caller(
            "ci",
            Optional.of(made.id()),
            Optional.of(Role.OWNER),
            made.organisation(),
            "x",
            "",
            "");
    committed(audit.during(again, () -> tokens.add(wanted, "made-by-that"), one -> 201));
    committed(tokens.add(wanted, "by-hand"));

    committed(store.remove(owners.id()));

    for (String gone : List.of("of-ann", "made-by-ann", "made-by-that")) {
      assertEquals(Optional.empty(), tokens.good(gone), gone);
    }
    assertTrue(tokens.good("by-hand").isPresent());
    assertInstanceOf(Change.Unknown.class, store.admit(owners, "ann", "late", HOURS));
  }

  @Test
  void signingOutRevokesWhatCameOfSigningInAlone() {
    SignIn staff = add(SignIn.Claim.GROUP, "staff", Role.VIEWER);
    admitted(staff, "bea", "of-bea");
    ApiToken.Wanted wanted =
        new ApiToken.Wanted(
            "ci", Role.OPERATOR, Optional.empty(), Optional.empty(), Optional.empty());
    committed(tokens.add(wanted, "by-hand"));

    assertTrue(store.leave("of-bea"));
    assertFalse(store.leave("of-bea"));
    assertFalse(store.leave("by-hand"));
    assertEquals(Optional.empty(), tokens.good("of-bea"));
    assertTrue(tokens.good("by-hand").isPresent());
  }

  @Test
  void ofOnePersonTenTokensAreGoodTheNewest() {
    SignIn staff = add(SignIn.Claim.GROUP, "staff", Role.VIEWER);
    admitted(staff, "cas", "of-cas");
    for (int i = 0; i < 11; i++) {
      admitted(staff, "bea", "bea-" + i);
    }
    assertEquals(Optional.empty(), tokens.good("bea-0"));
    for (int i = 1; i < 11; i++) {
      assertTrue(tokens.good("bea-" + i).isPresent(), "bea-" + i);
    }
    assertTrue(tokens.good("of-cas").isPresent(), "another person's");
  }

  @Test
  void anOrganisationThatIsRemovedTakesItsSignInsWithIt() {
    OrganisationStore organisations = new OrganisationStore(postgres.database());
    committed(organisations.add("acme", "Acme"));
    SignIn.Wanted wanted =
        new SignIn.Wanted(SignIn.Claim.SUB, "a", Role.OWNER, Optional.of("acme"), Optional.empty());
    committed(store.add(wanted));
    assertInstanceOf(Change.Conflict.class, store.add(wanted));

    committed(organisations.remove("acme"));

    assertEquals(Optional.empty(), store.of("a", Optional.empty(), Set.of()));
    assertInstanceOf(Change.Invalid.class, store.add(wanted));
  }
}
