/**
 * What a signaling server counts.
 * @module
 */

/** Counters since the server began. */
export interface Counters {
  /** Sockets accepted. */
  accepted: number
  /** Joins that proved their key. */
  joins: number
  /** Of them, sessions that came back within the grace period. */
  resumes: number
  /** Of them, those that replaced a live socket of the same key. */
  replaced: number
  messagesIn: number
  messagesOut: number
  bytesIn: number
  bytesOut: number
  /** Envelopes handed to their peer. */
  envelopes: number
  /** Envelopes for peers that were not there. */
  absent: number
  /** Messages that did not parse or did not fit the moment. */
  malformed: number
  /** Messages over the size limit. */
  tooLarge: number
  /** Joins whose signature did not hold. */
  badSignatures: number
  /** Times a socket was read slower because of its rate. */
  throttled: number
  /** Sockets closed for too much bad input or too much at once. */
  abusive: number
  /** Sockets dropped because they did not read. */
  slowConsumers: number
  /** Sockets that stopped answering pings. */
  dead: number
  /** Sockets that did not prove a key in time. */
  joinTimeouts: number
  /** Announcements that were not renewed. */
  expired: number
  /** Sockets or joins refused by a limit. */
  refused: number
}

/** A snapshot: the counters, and what is there now. */
export interface SignalingStats extends Readonly<Counters> {
  /** Open sockets. */
  readonly connections: number
  /** Peers that can be found. */
  readonly members: number
  readonly swarms: number
}

export function newCounters(): Counters {
  return {
    accepted: 0,
    joins: 0,
    resumes: 0,
    replaced: 0,
    messagesIn: 0,
    messagesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    envelopes: 0,
    absent: 0,
    malformed: 0,
    tooLarge: 0,
    badSignatures: 0,
    throttled: 0,
    abusive: 0,
    slowConsumers: 0,
    dead: 0,
    joinTimeouts: 0,
    expired: 0,
    refused: 0,
  }
}
