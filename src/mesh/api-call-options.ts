/**
 * The options of the calls of a mesh, as call-options.ts and invite/options.ts check them.
 * @module
 */
import type { Order } from '../protocol/input.ts'

export interface JoinOptions {
  /** Gives the join up. */
  readonly signal?: AbortSignal
}

export interface InviteOptions {
  /**
   * Where the newcomer opens the page: the code goes behind its `#`, which no server is sent. Default: this page's address; a bare
   * code (`tabmesh:…`) with `false`, and where there is no page.
   */
  readonly page?: string | URL | false
  /** Milliseconds until it can be used no more, 1,000 … 86,400,000. Default 600,000: ten minutes. */
  readonly lifetime?: number
  /**
   * A WebRTC offer in it, so that it works with no server at all; it holds a connection until it is used. Without, the code is half as long, and
   * needs a signaling server that both reach. Default true.
   */
  readonly offer?: boolean
  readonly signal?: AbortSignal
}

export interface WelcomeOptions {
  readonly signal?: AbortSignal
}

export interface SendOptions {
  /** Milliseconds until the promise rejects with `timeout`, up to a day. Default 10,000: four attempts with backoff. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

export interface BroadcastOptions {
  /**
   * When the others are given it; a promise of the sender to all of them, signed.
   * `'fifo'`: after what this peer sent before it. `'causal'`: also after whatever this peer had been given before it
   * sent it, so that no answer comes before its question; of more than 32 senders heard since its last causal
   * broadcast, after the latest of the 32 heard last. Costs 7 bytes for each. `'none'`: as soon as it arrives. What it waits
   * for and nobody has any more is waited for 10 s at most. Default: {@link MeshOptions.order}.
   */
  readonly order?: Order
  /**
   * Counts who has it: the promise is then one of a number, how many peers have been given it, this one not counted.
   * It resolves when all that can be reached have said so, or when `timeout` is over. Sums come up the broadcast
   * tree, about 60 bytes per peer in all. The number is never more than have it, as long as nobody lies about it (no
   * signature proves it), and less where links break while it is counted. In the ten seconds after `join()` it takes a
   * second longer: the parts of a swarm that is forming find each other in that time. Default false.
   */
  readonly receipt?: boolean
  /** Gets the number each time it has grown; with `receipt` only. */
  readonly onReceipt?: (count: number) => void
  /**
   * Milliseconds for receipts to come in, 1 … 60,000; with `receipt` only. When it is over, the promise resolves with the
   * number so far, and rejects with `timeout` only if no neighbour has acked. Default 10,000, as of `send()`.
   */
  readonly timeout?: number
  /** Ends the waiting; the broadcast itself goes on once it is under way. */
  readonly signal?: AbortSignal
}

export interface HistoryOptions {
  /** The latest so many messages, 1 … 1,000. Default 50, or 1,000 where `seconds` is given. */
  readonly last?: number
  /** Those of the last so many seconds, 1 … 86,400. Default: of any age. */
  readonly seconds?: number
  /** Milliseconds until it resolves with what has been found, 1 … 60,000. Default 10,000, as of `send()`. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

export interface DiagnoseOptions {
  readonly signal?: AbortSignal
}
