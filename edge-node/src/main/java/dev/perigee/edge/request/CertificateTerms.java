package dev.perigee.edge.request;

import dev.perigee.contract.ClientCertificates;

/**
 * Whose readers a TLS handshake let in: what a connection was made under says whether a request on
 * it may have what its site keeps for them.
 *
 * @param site the id of the site that the handshake's server name belongs to
 * @param asked what that site asked then
 */
public record CertificateTerms(String site, ClientCertificates asked) {}
