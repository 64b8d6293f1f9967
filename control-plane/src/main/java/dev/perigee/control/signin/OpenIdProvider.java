package dev.perigee.control.signin;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jwt.JWT;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientAuthenticationMethod;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.ClientSecretPost;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.claims.ClaimsSet;
import com.nimbusds.openid.connect.sdk.claims.UserInfo;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * An OpenID provider, spoken to by the authorization code flow with a challenge (OpenID Connect
 * Core 1.0, section 3.1; RFC 7636). What it says of itself is asked for once an hour, and its keys
 * when a token names one that is not known.
 */
final class OpenIdProvider implements AutoCloseable {
  private static final long KNOWN_NANOS = Duration.ofHours(1).toNanos();

  /** Its keys are asked for no more often, whatever tokens name. */
  private static final long KEYS_NANOS = Duration.ofSeconds(30).toNanos();

  private static final int CLOCK_SKEW_SECONDS = 60;

  /** Groups of one person, and characters of each, that are looked at. */
  private static final int MOST_GROUPS = 500;

  private static final int LONGEST = 255;

  private final SignInConfig config;
  private final BoundedHttp http;
  private final LongSupplier nanos;
  private @Nullable Known known;

  /** What the provider says of itself. */
  private record Known(
      OIDCProviderMetadata metadata, JWKSet keys, long atNanos, long keysAtNanos) {}

  OpenIdProvider(SignInConfig config, LongSupplier nanos) {
    this.config = config;
    this.http = new BoundedHttp(config.tls());
    this.nanos = nanos;
  }

  /** Where a browser goes for this attempt. */
  URI authorization(Attempt attempt) throws NotSignedIn.Failure {
    Scope scope = new Scope("openid");
    config.scopes().forEach(scope::add);
    return new AuthenticationRequest.Builder(
            ResponseType.CODE, scope, new ClientID(config.clientId()), config.callback())
        .endpointURI(metadata().getAuthorizationEndpointURI())
        .state(new State(attempt.state()))
        .nonce(new Nonce(attempt.nonce()))
        .codeChallenge(new CodeVerifier(attempt.verifier()), CodeChallengeMethod.S256)
        .build()
        .toURI();
  }

  /**
   * Whether an answer is this provider's, and no other one's that was mixed up with it (RFC 9207).
   *
   * @param issuer as the answer names it
   */
  boolean isOurs(Optional<String> issuer) throws NotSignedIn.Failure {
    OIDCProviderMetadata metadata = metadata();
    return issuer
        .map(one -> one.equals(metadata.getIssuer().getValue()))
        .orElse(!metadata.supportsAuthorizationResponseIssuerParam());
  }

  /** Whom the code that it gave stands for. */
  Person person(String code, Attempt attempt) throws NotSignedIn.Failure {
    try {
      OIDCTokenResponse tokens = tokens(code, attempt);
      JWT token = tokens.getOIDCTokens().getIDToken();
      if (token == null) {
        throw new NotSignedIn.Failure(NotSignedIn.UNSOUND, "no ID token came");
      }
      ClaimsSet claims = validator(token).validate(token, new Nonce(attempt.nonce()));
      String sub = claims.getStringClaim("sub");
      if (sub == null || sub.length() > LONGEST) {
        throw new NotSignedIn.Failure(NotSignedIn.UNSOUND, "the ID token's sub is unusable");
      }
      Optional<UserInfo> more =
          claims.getClaim("email") != null && claims.getClaim(config.groupsClaim()) != null
              ? Optional.empty()
              : userInfo(tokens.getOIDCTokens().getAccessToken(), sub);
      return new Person(
          sub, email(claims).or(() -> more.flatMap(OpenIdProvider::email)), groups(claims, more));
    } catch (ParseException | BadJOSEException | com.nimbusds.jose.JOSEException e) {
      throw new NotSignedIn.Failure(NotSignedIn.UNSOUND, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new NotSignedIn.Failure(NotSignedIn.SILENT, String.valueOf(e), e);
    }
  }

  private OIDCTokenResponse tokens(String code, Attempt attempt)
      throws NotSignedIn.Failure, ParseException, IOException {
    AuthorizationCodeGrant grant =
        new AuthorizationCodeGrant(
            new AuthorizationCode(code), config.callback(), new CodeVerifier(attempt.verifier()));
    URI endpoint = metadata().getTokenEndpointURI();
    TokenRequest request =
        config
            .secret()
            .map(secret -> new TokenRequest.Builder(endpoint, authentication(secret), grant))
            .orElseGet(
                () -> new TokenRequest.Builder(endpoint, new ClientID(config.clientId()), grant))
            .build();
    HTTPRequest sent = request.toHTTPRequest();
    TokenResponse response = OIDCTokenResponseParser.parse(sent.send(http));
    if (!response.indicatesSuccess()) {
      String error = String.valueOf(response.toErrorResponse().getErrorObject());
      throw new NotSignedIn.Failure(NotSignedIn.UNSOUND, "the code is refused: " + error);
    }
    return (OIDCTokenResponse) response.toSuccessResponse();
  }

  private ClientAuthentication authentication(String secret) {
    ClientID id = new ClientID(config.clientId());
    Known now = known;
    List<ClientAuthenticationMethod> methods =
        now == null ? null : now.metadata().getTokenEndpointAuthMethods();
    boolean posts =
        methods != null
            && methods.contains(ClientAuthenticationMethod.CLIENT_SECRET_POST)
            && !methods.contains(ClientAuthenticationMethod.CLIENT_SECRET_BASIC);
    return posts
        ? new ClientSecretPost(id, new Secret(secret))
        : new ClientSecretBasic(id, new Secret(secret));
  }

  /** Only signatures by keys of the provider's count: no shared secrets, and never none. */
  private IDTokenValidator validator(JWT token) throws NotSignedIn.Failure {
    boolean signed =
        token.getHeader().getAlgorithm() instanceof JWSAlgorithm one
            && (JWSAlgorithm.Family.RSA.contains(one) || JWSAlgorithm.Family.EC.contains(one));
    if (!signed) {
      String algorithm = String.valueOf(token.getHeader().getAlgorithm());
      throw new NotSignedIn.Failure(
          NotSignedIn.UNSOUND, "the ID token's algorithm is not allowed: " + algorithm);
    }
    String key =
        token.getHeader() instanceof com.nimbusds.jose.JWSHeader header ? header.getKeyID() : null;
    IDTokenValidator validator =
        new IDTokenValidator(
            metadata().getIssuer(),
            new ClientID(config.clientId()),
            (JWSAlgorithm) token.getHeader().getAlgorithm(),
            keys(key));
    validator.setMaxClockSkew(CLOCK_SKEW_SECONDS);
    return validator;
  }

  private Optional<UserInfo> userInfo(AccessToken token, String sub)
      throws NotSignedIn.Failure, ParseException, IOException {
    URI endpoint = metadata().getUserInfoEndpointURI();
    if (endpoint == null) {
      return Optional.empty();
    }
    UserInfoResponse response =
        UserInfoResponse.parse(new UserInfoRequest(endpoint, token).toHTTPRequest().send(http));
    if (!response.indicatesSuccess()) {
      throw new NotSignedIn.Failure(NotSignedIn.UNSOUND, "it does not say more of the person");
    }
    UserInfo found = response.toSuccessResponse().getUserInfo();
    if (found == null || !found.getSubject().getValue().equals(sub)) {
      // OpenID Connect Core 1.0, section 5.3.2.
      throw new NotSignedIn.Failure(NotSignedIn.UNSOUND, "it speaks of another person");
    }
    return Optional.of(found);
  }

  /** Of an address that is not verified anybody could claim that it is theirs. */
  private static Optional<String> email(ClaimsSet claims) {
    return claims.getClaim("email") instanceof String email
            && email.length() <= LONGEST
            && claims.getClaim("email_verified") instanceof Boolean verified
            && verified
        ? Optional.of(email.toLowerCase(Locale.ROOT))
        : Optional.empty();
  }

  private Set<String> groups(ClaimsSet claims, Optional<UserInfo> more) {
    Object named = claims.getClaim(config.groupsClaim());
    if (named == null) {
      named = more.map(info -> info.getClaim(config.groupsClaim())).orElse(null);
    }
    Set<String> groups = new LinkedHashSet<>();
    List<?> all =
        switch (named) {
          case null -> List.of();
          case List<?> list -> list;
          case String one -> List.of(one);
          default -> List.of();
        };
    for (Object one : all) {
      if (one instanceof String group && group.length() <= LONGEST && groups.size() < MOST_GROUPS) {
        groups.add(group);
      }
    }
    return groups;
  }

  private OIDCProviderMetadata metadata() throws NotSignedIn.Failure {
    return known(null).metadata();
  }

  private JWKSet keys(@Nullable String wanted) throws NotSignedIn.Failure {
    return known(wanted).keys();
  }

  private synchronized Known known(@Nullable String key) throws NotSignedIn.Failure {
    Known now = known;
    long at = nanos.getAsLong();
    boolean lacks = now != null && key != null && now.keys().getKeyByKeyId(key) == null;
    try {
      if (now == null || at - now.atNanos() > KNOWN_NANOS) {
        now = ask(at);
      } else if (lacks && at - now.keysAtNanos() > KEYS_NANOS) {
        now = new Known(now.metadata(), keysOf(now.metadata()), now.atNanos(), at);
      }
    } catch (IOException | ParseException | java.text.ParseException e) {
      throw new NotSignedIn.Failure(NotSignedIn.SILENT, String.valueOf(e), e);
    }
    known = now;
    return now;
  }

  private Known ask(long at) throws IOException, ParseException, java.text.ParseException {
    String issuer = config.issuer().toString();
    String below = issuer.endsWith("/") ? issuer : issuer + "/";
    OIDCProviderMetadata metadata =
        OIDCProviderMetadata.parse(
            http.get(URI.create(below + ".well-known/openid-configuration")));
    // OpenID Connect Discovery 1.0, section 4.3.
    if (!metadata.getIssuer().getValue().equals(issuer)) {
      throw new IOException(
          "the issuer calls itself %s, not %s".formatted(metadata.getIssuer(), issuer));
    }
    if (metadata.getAuthorizationEndpointURI() == null || metadata.getTokenEndpointURI() == null) {
      throw new IOException("the issuer names no endpoints for codes and tokens");
    }
    for (URI endpoint :
        Arrays.asList(
            metadata.getAuthorizationEndpointURI(),
            metadata.getTokenEndpointURI(),
            metadata.getJWKSetURI(),
            metadata.getUserInfoEndpointURI())) {
      if (endpoint != null && !SignInConfig.isSafe(endpoint)) {
        throw new IOException("the issuer names an endpoint without TLS: " + endpoint);
      }
    }
    return new Known(metadata, keysOf(metadata), at, at);
  }

  private JWKSet keysOf(OIDCProviderMetadata metadata)
      throws IOException, java.text.ParseException {
    return JWKSet.parse(http.get(metadata.getJWKSetURI()));
  }

  @Override
  public void close() {
    http.close();
  }
}
