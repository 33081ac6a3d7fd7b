/**
 * Draws a program from a seed: a swarm of 2 … 60 peers on links of random quality, and things that happen to it.
 * @module
 */
import type { SimOptions } from '../options.ts'
import { Stream } from '../random.ts'
import type { Program, Step, StepName } from './program.ts'

/** Steps, and how often each is drawn. */
const WEIGHTS: readonly (readonly [StepName, number])[] = [
  ['wait', 8],
  ['broadcast', 10],
  ['send', 4],
  ['join', 4],
  ['kill', 4],
  ['leave', 3],
  ['mute', 4],
  ['churn', 2],
  ['freeze', 3],
  ['move', 3],
  ['partition', 2],
  ['heal', 3],
  ['server-stop', 1],
  ['server-start', 2],
  ['massacre', 1],
  ['guests', 1],
]
const TOTAL = WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0)
const MOST_STEPS = 24
/** Peers that may be drawn by number. */
const PEERS = 60

export function generate(seed: number): Program {
  const stream = Stream.of(seed, 'fuzz')
  const options = { seed, ...drawOptions(stream) }
  // Small swarms more often than large ones.
  const peers = 2 + Math.floor((PEERS - 1) * stream.unit() * stream.unit())
  const steps: Step[] = [{ name: 'join', args: [peers, stream.chance(0.3) ? 0 : stream.below(200)] }]
  if (stream.chance(0.7)) steps.push({ name: 'wait', args: [stream.below(8000)] })
  const count = 1 + stream.below(MOST_STEPS)
  for (let i = 0; i < count; i++) steps.push(drawStep(stream))
  return { options, steps }
}

function drawOptions(stream: Stream): Partial<SimOptions> {
  const options: { -readonly [F in keyof SimOptions]?: SimOptions[F] } = {
    // Three links leave nothing to choose; from four on everything is claimed.
    maxPeers: stream.chance(0.06) ? 3 : 4 + stream.below(7),
    payload: stream.chance(0.1) ? 40_000 : 4 + stream.below(300),
  }
  if (stream.chance(0.4)) options.loss = rounded(0.2 * stream.unit() * stream.unit())
  if (stream.chance(0.4)) options.jitter = stream.below(100)
  if (stream.chance(0.3)) options.duplicate = rounded(0.2 * stream.unit())
  if (stream.chance(0.3)) options.reorder = rounded(0.3 * stream.unit())
  if (stream.chance(0.3)) options.skew = stream.below(100_000)
  if (stream.chance(0.2)) options.nat = rounded(0.3 * stream.unit())
  if (stream.chance(0.2)) options.verifyCost = rounded(2 * stream.unit())
  if (stream.chance(0.2)) options.slowShare = rounded(0.3 * stream.unit())
  if (stream.chance(0.2)) options.connectFailure = rounded(0.3 * stream.unit())
  // The browser driver lets heartbeats overtake what is large, links here do not: large ones need some room.
  if (stream.chance(0.15)) options.bandwidth = (options.payload === 40_000 ? 500 : 20) + stream.below(500)
  if (stream.chance(0.3)) options.restarts = rounded(stream.unit())
  if (stream.chance(0.15)) options.latencyMax = 50 + stream.below(450)
  return options
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}

function drawStep(stream: Stream): Step {
  let at = stream.below(TOTAL)
  let name: StepName = 'wait'
  for (const [candidate, weight] of WEIGHTS) {
    if (at < weight) {
      name = candidate
      break
    }
    at -= weight
  }
  return { name, args: drawArgs(name, stream) }
}

function drawArgs(name: StepName, stream: Stream): number[] {
  const peer = () => stream.below(PEERS)
  switch (name) {
    case 'join':
      return [1 + stream.below(6), stream.below(300)]
    case 'guests':
      return [30 + stream.below(200), 1000 + stream.below(10_000)]
    case 'broadcast':
      return [peer(), 1 + stream.below(5), stream.below(500)]
    case 'send':
      return [peer(), peer(), 1 + stream.below(4)]
    case 'massacre':
      return [10 + stream.below(50)]
    case 'churn':
      return [1 + stream.below(5)]
    case 'freeze':
      return [peer(), 500 + stream.below(60_000)]
    case 'move':
      return [peer(), stream.below(2000)]
    case 'partition':
      return [peer(), 10 + stream.below(60), stream.chance(0.6) ? 0 : 1 + stream.below(2)]
    case 'mute':
      return [peer(), stream.below(10), stream.chance(0.5) ? 0 : 200 + stream.below(20_000)]
    case 'wait':
      return [stream.chance(0.5) ? stream.below(500) : stream.below(15_000)]
    case 'kill':
    case 'leave':
      return [peer()]
    default:
      return []
  }
}
