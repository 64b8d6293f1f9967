package dev.perigee.edge.request;

/**
 * A response without its body.
 *
 * @param status final status code, 200 to 599
 * @param fields header fields, without those that belong to one connection
 */
public record ResponseHead(int status, FieldList fields) {}
