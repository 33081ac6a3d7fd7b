/**
 * The command line: every option has a line of help, a range and a default; one that is not known is an error
 * that names the nearest.
 * @module
 */
import { DEFAULTS, type SimOptions } from './options.ts'

interface OptionSpec {
  readonly flag: string
  readonly field: keyof SimOptions
  readonly help: string
  readonly min: number
  readonly max: number
  readonly integer?: boolean
}

const NUMBERS: readonly OptionSpec[] = [
  { flag: 'peers', field: 'peers', help: 'peers that join', min: 1, max: 1e6, integer: true },
  { flag: 'max-peers', field: 'maxPeers', help: 'links per peer', min: 2, max: 256, integer: true },
  {
    flag: 'seed',
    field: 'seed',
    help: 'the seed of everything drawn',
    min: 0,
    max: 2 ** 53 - 1,
    integer: true,
  },
  { flag: 'loss', field: 'loss', help: 'share of packets that vanish', min: 0, max: 0.9 },
  { flag: 'kill', field: 'kill', help: 'share of peers that die silently (mass-kill)', min: 0, max: 0.95 },
  { flag: 'churn', field: 'churn', help: 'share of peers replaced per second (churn)', min: 0, max: 0.5 },
  { flag: 'latency-min', field: 'latencyMin', help: 'least one-way latency, ms', min: 0, max: 60_000 },
  { flag: 'latency-max', field: 'latencyMax', help: 'largest one-way latency, ms', min: 0, max: 60_000 },
  { flag: 'jitter', field: 'jitter', help: 'added to each packet, 0 … this, ms', min: 0, max: 60_000 },
  { flag: 'duplicate', field: 'duplicate', help: 'share of packets that arrive twice', min: 0, max: 1 },
  { flag: 'reorder', field: 'reorder', help: 'share of packets that others overtake', min: 0, max: 1 },
  {
    flag: 'bandwidth',
    field: 'bandwidth',
    help: 'bytes per ms and direction of a link',
    min: 1,
    max: Infinity,
  },
  {
    flag: 'connect-failure',
    field: 'connectFailure',
    help: 'share of link set-ups that fail',
    min: 0,
    max: 1,
  },
  {
    flag: 'pair-jitter',
    field: 'pairJitter',
    help: 'jitter of a pair, drawn once 0 … this, ms',
    min: 0,
    max: 60_000,
  },
  { flag: 'one-way', field: 'oneWay', help: 'share of link directions that fall silent', min: 0, max: 1 },
  {
    flag: 'one-sided',
    field: 'oneSided',
    help: 'partitions cut 0 both ways, 1 the way out, 2 the way in',
    min: 0,
    max: 2,
    integer: true,
  },
  { flag: 'nat', field: 'nat', help: 'share of peers that cannot link to each other', min: 0, max: 1 },
  { flag: 'unreachable', field: 'unreachable', help: 'share of pairs that cannot link', min: 0, max: 1 },
  { flag: 'move', field: 'move', help: 'share of the peers that change networks', min: 0, max: 1 },
  { flag: 'restarts', field: 'restarts', help: 'share of peers whose links can restart ICE', min: 0, max: 1 },
  {
    flag: 'skew',
    field: 'skew',
    help: 'clocks are ahead by 0 … this, ms, and drift',
    min: 0,
    max: 86_400_000,
  },
  { flag: 'slow-share', field: 'slowShare', help: 'share of peers with a slow CPU', min: 0, max: 1 },
  { flag: 'silent', field: 'silent', help: 'share of peers that pass nothing on', min: 0, max: 0.9 },
  { flag: 'tampering', field: 'tampering', help: 'share of peers that lie as relays', min: 0, max: 0.9 },
  {
    flag: 'arrivals',
    field: 'arrivals',
    help: 'guests per second, Poisson; they stay 30 s',
    min: 0,
    max: 1000,
  },
  {
    flag: 'server-outage',
    field: 'serverOutage',
    help: 'seconds of each minute without signaling',
    min: 0,
    max: 60,
  },
  { flag: 'payload', field: 'payload', help: 'bytes of a message', min: 4, max: 16_777_216, integer: true },
  { flag: 'messages', field: 'messages', help: 'broadcasts measured', min: 1, max: 1e6, integer: true },
  { flag: 'verify-cost', field: 'verifyCost', help: 'ms of CPU per signature check', min: 0, max: 1000 },
  { flag: 'connect-timeout', field: 'connectTimeout', help: 'ms for a link to open', min: 1, max: 600_000 },
  {
    flag: 'order',
    field: 'order',
    help: 'of broadcasts: 0 fifo, 1 causal, 2 none',
    min: 0,
    max: 2,
    integer: true,
  },
  { flag: 'kademlia-k', field: 'kademliaK', help: "the library's option", min: 1, max: 256, integer: true },
]

const SWITCHES = ['json', 'list', 'help', 'exhaustive'] as const
type Switch = (typeof SWITCHES)[number]

/** What is run in place of a scenario. */
export interface Instead {
  /** Programs to draw and play. */
  readonly fuzz?: number
  /** Real minutes that fuzzing may take. */
  readonly minutes?: number
  /** One program to replay. */
  readonly program?: string
}

export interface Arguments {
  readonly scenario: string
  readonly instead: Instead
  /** Only what was given. */
  readonly options: Partial<SimOptions>
  readonly switches: ReadonlySet<Switch>
}

/** A mistake on the command line; its message is the line to print. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

/** Parses `--flag value`, `--flag=value` and switches. Throws {@link UsageError}. */
export function parseArguments(args: readonly string[], scenarioNames: readonly string[]): Arguments {
  const options: { -readonly [F in keyof SimOptions]?: SimOptions[F] } = {}
  const switches = new Set<Switch>()
  const instead: { -readonly [F in keyof Instead]: Instead[F] } = {}
  const flags = [...NUMBERS.map(spec => spec.flag), ...SWITCHES, 'scenario', 'fuzz', 'minutes', 'program']
  let scenario = 'broadcast'
  for (let i = 0; i < args.length; i++) {
    const [flag, inline] = split(args[i] as string)
    const known = SWITCHES.find(name => name === flag)
    if (known !== undefined) {
      if (inline !== undefined) throw new UsageError(`--${flag} takes no value`)
      switches.add(known)
      continue
    }
    const spec = NUMBERS.find(candidate => candidate.flag === flag)
    if (spec === undefined && !flags.includes(flag)) {
      throw new UsageError(`unknown option --${flag}: did you mean --${nearest(flag, flags)}?`)
    }
    const value = inline ?? args[++i]
    if (value === undefined) throw new UsageError(`--${flag} needs a value`)
    if (spec !== undefined) options[spec.field] = numberIn(spec, value)
    else if (flag === 'fuzz') instead.fuzz = numberIn({ flag, min: 1, max: 1e9, integer: true }, value)
    else if (flag === 'minutes') instead.minutes = numberIn({ flag, min: 0, max: 1e6 }, value)
    else if (flag === 'program') instead.program = value
    else if (scenarioNames.includes(value)) scenario = value
    else throw new UsageError(`unknown scenario ${value}: did you mean ${nearest(value, scenarioNames)}?`)
  }
  const low = options.latencyMin ?? DEFAULTS.latencyMin
  const high = options.latencyMax ?? DEFAULTS.latencyMax
  if (low > high) throw new UsageError(`--latency-min ${low} is above --latency-max ${high}`)
  return { scenario, instead, options, switches }
}

export function help(): string {
  const lines = NUMBERS.map(spec => {
    const value = DEFAULTS[spec.field]
    const shown = value === Number.POSITIVE_INFINITY ? 'no limit' : String(value)
    return `  --${spec.flag.padEnd(18)}${spec.help} (${shown})`
  })
  return [
    'npm run sim -- [--scenario name] [options]',
    '',
    'Runs the library’s protocol on a virtual clock. One seed, one trace hash.',
    'Exit code 0: all budgets met; 1: a budget missed or an invariant violated; 2: a mistake in the command.',
    '',
    `  --${'scenario'.padEnd(18)}what happens (broadcast); --list names them all`,
    ...lines,
    `  --${'fuzz'.padEnd(18)}draws so many random programs, from --seed on, and plays them; failures are shrunk`,
    `  --${'minutes'.padEnd(18)}ends after so many real minutes, and says what was found by then (no limit)`,
    `  --${'program'.padEnd(18)}replays one program, as a failure printed it`,
    `  --${'exhaustive'.padEnd(18)}explores every order of events in small worlds`,
    `  --${'json'.padEnd(18)}one JSON object on stdout instead of the table`,
    `  --${'list'.padEnd(18)}names the scenarios`,
    `  --${'help'.padEnd(18)}this page`,
  ].join('\n')
}

/** Said even where they have their defaults. */
const ALWAYS: readonly (keyof SimOptions)[] = ['peers', 'maxPeers', 'seed']

/** The command that repeats a run of a scenario, given what the scenario starts from. */
export function commandOf(scenario: string, options: SimOptions, defaults: Partial<SimOptions> = {}): string {
  const start = { ...DEFAULTS, ...defaults }
  const parts = NUMBERS.filter(
    spec => ALWAYS.includes(spec.field) || options[spec.field] !== start[spec.field],
  ).map(spec => `--${spec.flag} ${options[spec.field]}`)
  return `npm run sim -- --scenario ${scenario} ${parts.join(' ')}`
}

function split(argument: string): [string, string | undefined] {
  if (!argument.startsWith('--')) throw new UsageError(`${argument} is not an option: options start with --`)
  const equals = argument.indexOf('=')
  if (equals < 0) return [argument.slice(2), undefined]
  return [argument.slice(2, equals), argument.slice(equals + 1)]
}

function numberIn(spec: Pick<OptionSpec, 'flag' | 'min' | 'max' | 'integer'>, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  const fits = value >= spec.min && value <= spec.max && (spec.integer !== true || Number.isInteger(value))
  if (fits) return value
  const kind = spec.integer === true ? 'an integer' : 'a number'
  throw new UsageError(`--${spec.flag} ${text}: needs ${kind} from ${spec.min} to ${spec.max}`)
}

/** The candidate with the fewest edits (Levenshtein) to `name`. */
export function nearest(name: string, candidates: readonly string[]): string {
  let best = candidates[0] ?? ''
  let least = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const edits = editsBetween(name, candidate)
    if (edits < least) {
      least = edits
      best = candidate
    }
  }
  return best
}

function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
