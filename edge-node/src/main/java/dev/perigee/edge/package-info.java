/**
 * The edge node: the way of a request through its stages, one word each, the same in package,
 * pipeline method, {@link dev.perigee.edge.request.Stage}, metric label and log field. This package
 * itself holds the composition root, the only class that says {@code new} to services.
 *
 * <table>
 *   <caption>The stages</caption>
 *   <tr><th>package</th><th>holds</th><th>answers with</th></tr>
 *   <tr><td>request</td><td>the words that travel, neutral to transport</td><td>–</td></tr>
 *   <tr><td>listener</td><td>Undertow, TLS, protocol guards, limits, drain</td>
 *       <td>a request</td></tr>
 *   <tr><td>routing</td><td>host to a site's route; the way through other nodes</td>
 *       <td>Matched | NoSuchSite</td></tr>
 *   <tr><td>policy</td><td>access, cache-key policy</td>
 *       <td>Allowed(key) | Denied(reason)</td></tr>
 *   <tr><td>cache</td><td>RFC 9111 as pure policies; the port ResponseStore</td>
 *       <td>Fresh | Stale | Miss | Bypass</td></tr>
 *   <tr><td>collapse</td><td>flights: one fetch per key, followers stream from it</td>
 *       <td>Lead | Follow</td></tr>
 *   <tr><td>origin</td><td>pools, balancing, retries, connections</td>
 *       <td>Response | NotModified | Failed</td></tr>
 *   <tr><td>store</td><td>Chronicle maps, index, eviction, purge journal, recovery</td>
 *       <td>Kept | Refused(reason)</td></tr>
 *   <tr><td>respond</td><td>ranges, conditionals, Cache-Status, body pump</td>
 *       <td>the response</td></tr>
 *   <tr><td>pipeline</td><td>the only class that knows the order</td><td>–</td></tr>
 *   <tr><td>config</td><td>sync stream, validation, snapshot swap, last good, ack</td>
 *       <td>Accepted | Rejected</td></tr>
 *   <tr><td>table</td><td>the immutable map that sites, hosts and pools are looked up in</td>
 *       <td>–</td></tr>
 *   <tr><td>limit</td><td>rate limits, their counts, shares of those that all nodes share</td>
 *       <td>LetIn | Refused</td></tr>
 *   <tr><td>geo</td><td>country and autonomous system of an address, from databases that the
 *       control plane distributes</td><td>–</td></tr>
 *   <tr><td>telemetry</td><td>metrics and access log from a request's record</td><td>–</td></tr>
 * </table>
 */
@NullMarked
package dev.perigee.edge;

import org.jspecify.annotations.NullMarked;
