package dev.perigee.control.store;

/**
 * One control plane among those on the same database.
 *
 * @param id a UUID of this run of its process
 * @param address HOST:PORT under which edges and other control planes reach its gRPC port
 * @param build version of its software
 */
public record Replica(String id, String address, String build) {}
