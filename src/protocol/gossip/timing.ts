/**
 * The formulas of time: when a push is sent again, how late a message may be, how long a digest waits.
 * @module
 */
import { jitter, type Random } from '../random.ts'
import { ASSUMED_ROUND_TRIP, type GossipSettings } from './config.ts'

/** No retry waits longer, whatever the settings: beyond it range repair is quicker. */
const MAX_BACKOFF = 30_000

/**
 * Milliseconds until it is asked whether a push has come: the ack timeout (two round trips on top of the delay of
 * acks at least) after the push, as long again after the first question, then `retryInterval` · 2ⁿ ± 25 %.
 * `attempts` counts the push and the questions so far.
 */
export function retryDelay(
  attempts: number,
  roundTrip: number | undefined,
  settings: Pick<GossipSettings, 'ackTimeout' | 'ackDelay' | 'retryInterval'>,
  random: Random,
): number {
  const floor = Math.max(settings.ackTimeout, settings.ackDelay + 2 * (roundTrip ?? 0))
  if (attempts <= 2) return floor
  const backoff = Math.min(MAX_BACKOFF, settings.retryInterval * 2 ** (attempts - 3))
  return Math.max(jitter(random, backoff, 0.25), floor)
}

/** The slowest link that large messages are made for, bytes per millisecond: 2 Mbit/s, the uplink of a poor connection. */
const SLOW_LINK = 256

/** Milliseconds that so many bytes take on a slow link: an ack cannot come before what it acks. */
export function transferTime(bytes: number): number {
  return bytes / SLOW_LINK
}

/** The longest a push with all its questions can take: when a request that nobody acked times out. */
export function givenUpAfter(
  settings: Pick<GossipSettings, 'ackTimeout' | 'retryInterval' | 'maxRetries'>,
): number {
  let total = 2 * settings.ackTimeout
  for (let n = 0; n < settings.maxRetries - 1; n++)
    total += Math.min(MAX_BACKOFF, settings.retryInterval * 2 ** n)
  return total * 1.25
}

/**
 * Milliseconds a message may be missing after it was announced, or a GRAFT unanswered, before the next step.
 * Doubles with every time the announcer stayed silent, up to 2³: a lossy link must not wait for long.
 */
export function graftWait(roundTrip: number | undefined, silences: number, floor: number): number {
  return (floor + 2 * (roundTrip ?? ASSUMED_ROUND_TRIP)) * 2 ** Math.min(silences, 3)
}
