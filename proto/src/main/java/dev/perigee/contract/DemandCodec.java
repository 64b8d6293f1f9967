package dev.perigee.contract;

import dev.perigee.contract.sync.v1.Demand;
import dev.perigee.contract.sync.v1.Demands;
import dev.perigee.contract.sync.v1.Share;
import dev.perigee.contract.sync.v1.Shares;

/** Two-way codec of what edges want of limits that they share, and of what they get. */
final class DemandCodec {
  private DemandCodec() {}

  static Demands encode(FromEdge.Demands demands) {
    Demands.Builder out = Demands.newBuilder();
    for (FromEdge.Demand demand : demands.demands()) {
      out.addDemands(
          Demand.newBuilder()
              .setKey(demand.key())
              .setRate(demand.rate())
              .setBurst(demand.burst())
              .setWanted((float) demand.wanted())
              .setLetIn((float) demand.letIn()));
    }
    return out.build();
  }

  static FromEdge.Demands decode(Demands demands) {
    return new FromEdge.Demands(
        demands.getDemandsList().stream()
            .map(
                demand ->
                    new FromEdge.Demand(
                        demand.getKey(),
                        demand.getRate(),
                        demand.getBurst(),
                        demand.getWanted(),
                        demand.getLetIn()))
            .toList());
  }

  static Shares encode(FromControl.Shares shares) {
    Shares.Builder out = Shares.newBuilder().setNodes(shares.nodes());
    for (FromControl.Share share : shares.shares()) {
      out.addShares(
          Share.newBuilder().setKey(share.key()).setRate(share.rate()).setBurst(share.burst()));
    }
    return out.build();
  }

  static FromControl.Shares decode(Shares shares) {
    return new FromControl.Shares(
        shares.getNodes(),
        shares.getSharesList().stream()
            .map(share -> new FromControl.Share(share.getKey(), share.getRate(), share.getBurst()))
            .toList());
  }
}
