/**
 * A fuzz program: options and a list of steps, as one line of text that replays it.
 *
 *     program = option *( " " option ) *( "; " step )     ; seed=7 maxPeers=4 loss=0.05; join 10 20; wait 3000; kill 2
 *     option  = field "=" number                           ; fields of SimOptions; seed is always there
 *     step    = name *( " " number )
 *
 * Peers are named by their place among those that live, counted around: `kill 12` of five peers kills the third. So
 * every program means something, whatever steps are taken out of it.
 * @module
 */
import { UsageError } from '../arguments.ts'
import { DEFAULTS, type SimOptions } from '../options.ts'

/** What each step takes. Times are virtual milliseconds. */
export const STEPS = {
  /** So many peers join, so many ms apart. */
  join: ['count', 'gap'],
  /** Guests arrive, so many per minute on average, for so many ms; they stay half a minute on average. */
  guests: ['perMinute', 'ms'],
  /** A peer broadcasts so many times, so many ms apart. */
  broadcast: ['peer', 'count', 'gap'],
  /** A peer sends to another, so many times, 20 ms apart. */
  send: ['from', 'to', 'count'],
  kill: ['peer'],
  /** So many percent of the peers die at once; one at least stays. */
  massacre: ['percent'],
  leave: ['peer'],
  /** So many peers are replaced at once by new ones; every second of them dies, the others leave. */
  churn: ['count'],
  freeze: ['peer', 'ms'],
  /** A peer is on another network, and its page notices after so many ms. */
  move: ['peer', 'ms'],
  /** So many percent of the peers, from a place on, are cut off: 0 both ways, 1 what they send, 2 what they get. */
  partition: ['peer', 'percent', 'oneSided'],
  heal: [],
  /** One direction of a link of a peer dies for so many ms; 0 for good. */
  mute: ['peer', 'link', 'ms'],
  'server-stop': [],
  'server-start': [],
  wait: ['ms'],
} as const satisfies Record<string, readonly string[]>

export type StepName = keyof typeof STEPS

export interface Step {
  readonly name: StepName
  readonly args: readonly number[]
}

export interface Program {
  /** What differs from the defaults, and the seed. */
  readonly options: Partial<SimOptions> & { readonly seed: number }
  readonly steps: readonly Step[]
}

export function formatProgram({ options, steps }: Program): string {
  const given = Object.entries(options).map(([field, value]) => `${field}=${value}`)
  return [given.join(' '), ...steps.map(({ name, args }) => [name, ...args].join(' '))].join('; ')
}

/** Throws {@link UsageError} for text that is no program. */
export function parseProgram(text: string): Program {
  const [head = '', ...rest] = text.split(';').map(part => part.trim())
  const options: Record<string, number> = {}
  for (const item of head.split(/\s+/).filter(Boolean)) {
    const [field = '', value = ''] = item.split('=')
    if (!Object.hasOwn(DEFAULTS, field)) throw new UsageError(`a program has no option ${field}`)
    options[field] = numberOf(value, item)
  }
  const steps = rest.filter(Boolean).map(part => {
    const [name = '', ...args] = part.split(/\s+/)
    if (!Object.hasOwn(STEPS, name)) throw new UsageError(`a program has no step ${name}`)
    const wanted = STEPS[name as StepName]
    if (args.length !== wanted.length)
      throw new UsageError(`step ${name} takes ${wanted.join(', ') || 'nothing'}: ${part}`)
    return { name: name as StepName, args: args.map(arg => numberOf(arg, part)) }
  })
  return { options: { seed: DEFAULTS.seed, ...options }, steps }
}

function numberOf(text: string, where: string): number {
  const value = Number(text)
  if (text === '' || !(value >= 0)) throw new UsageError(`not a number in ${where}`)
  return value
}
