/**
 * The options of single calls: checked, with their defaults.
 * @module
 */
import { MAX_PAST } from '../protocol/gossip/past.ts'
import type { Order } from '../protocol/input.ts'
import type { BroadcastOptions, HistoryOptions, SendOptions } from './api-call-options.ts'
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkNames,
  checkOrder,
  checkSignal,
} from './arguments.ts'

/** How long `send` waits for a receipt: a few hops, retries and a relayed first contact. The default of fetch-like calls. */
const DEFAULT_TIMEOUT = 10_000
/** Longest wait for receipts and for the past: neighbours keep count for a minute. */
const LONGEST_WAIT = 60_000
/** Messages of a `history` that does not say: a screenful or two. */
const DEFAULT_LAST = 50
/** Longest timeout of a `send`: a day. What must wait longer needs a store, not a timer. */
const LONGEST_TIMEOUT = 86_400_000

export function readSendOptions(options: SendOptions) {
  checkNames('send options', options, ['timeout', 'signal'])
  const { timeout = DEFAULT_TIMEOUT, signal } = options
  checkMilliseconds('timeout', timeout, 1, LONGEST_TIMEOUT)
  checkSignal('signal', signal)
  return { timeout, signal }
}

/** `within` is how long receipts are counted, ms; `undefined` when none are asked for. */
export function readBroadcastOptions(options: BroadcastOptions, otherwise: Order) {
  checkNames('broadcast options', options, ['order', 'receipt', 'onReceipt', 'timeout', 'signal'])
  const { order = otherwise, receipt = false, onReceipt, timeout, signal }: BroadcastOptions = options
  checkOrder('order', order)
  checkBoolean('receipt', receipt)
  if (onReceipt !== undefined) checkFunction('onReceipt', onReceipt)
  if (timeout !== undefined) checkMilliseconds('timeout', timeout, 1, LONGEST_WAIT)
  if (!receipt && (onReceipt ?? timeout) !== undefined)
    throw new TypeError('onReceipt and timeout need receipt: true')
  checkSignal('signal', signal)
  return { order, onReceipt, signal, within: receipt ? (timeout ?? DEFAULT_TIMEOUT) : undefined }
}

/** `age` in ms. */
export function readHistoryOptions(options: HistoryOptions) {
  checkNames('history options', options, ['last', 'seconds', 'timeout', 'signal'])
  const { seconds, timeout = DEFAULT_TIMEOUT, signal } = options
  const { last = seconds === undefined ? DEFAULT_LAST : MAX_PAST } = options
  checkInteger('last', last, 1, MAX_PAST)
  if (seconds !== undefined) checkInteger('seconds', seconds, 1, LONGEST_TIMEOUT / 1000)
  checkMilliseconds('timeout', timeout, 1, LONGEST_WAIT)
  checkSignal('signal', signal)
  return { last, age: seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000, timeout, signal }
}
