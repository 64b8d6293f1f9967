package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.HotSketch;
import dev.perigee.edge.origin.PeerClient;

/**
 * What the pipeline needs to deal with other nodes.
 *
 * @param client asks them
 * @param gate where their requests wait for purges
 * @param hot what readers of this node ask for often
 */
public record Peering(PeerClient client, PurgeGate gate, HotSketch hot) {}
