/**
 * What the protocol is to reach at 10,000 peers with eight links each, beside what is known of others. Each target
 * is a figure of one case, or of a survey; of all seeds, the worst counts.
 * @module
 */
import type { Phase, Report } from '../report.ts'

type Field = Exclude<keyof Report, 'budgets'>

/** Where a figure comes from. Of the sources of a row the first one that was measured at a size counts there. */
export type Source =
  | { readonly of: string; readonly field: Field; readonly phases?: undefined }
  | { readonly of: string; readonly field: keyof Phase; readonly phases: readonly [string, ...string[]] }

/** The case that was made for it; `*` for every case. */
function inCase(of: string, field: Field): Source {
  return { of, field }
}

/** The survey, one run that has the figures of many cases. */
function inSurvey(field: Field): Source {
  return { of: 'survey', field }
}

/** The survey with faults. */
function inFaults(field: Field): Source {
  return { of: 'survey-faults', field }
}

/** Phases of the survey: of several the highest figure counts. */
function inPhases(field: keyof Phase, ...phases: [string, ...string[]]): Source {
  return { of: 'survey', field, phases }
}

/** A kill of the survey with faults. */
function inKill(phase: string): Source {
  return { of: 'survey-faults', field: 'recoveryMs', phases: [phase] }
}

export interface Target {
  readonly what: string
  /** What a plain Plumtree or a published system reaches. */
  readonly known: string
  readonly from: readonly Source[]
  readonly min?: number
  readonly max?: number
  readonly show: (value: number) => string
}

const count = (value: number) => value.toFixed(0)
const two = (value: number) => value.toFixed(2)
const four = (value: number) => value.toFixed(4)
const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`
/** Rounded down: nothing but all is 100 %. */
export const percent = (value: number) =>
  value === 1 ? '100 %' : `${(Math.floor(value * 1e7) / 1e5).toFixed(5)} %`

export const TARGETS: readonly Target[] = [
  { what: 'islands, every case', known: '375', from: [inCase('*', 'islands')], max: 1, show: count },
  {
    what: 'delivery, 5 % killed',
    known: '100 %',
    from: [inCase('mass-kill-5', 'delivery'), inFaults('delivery')],
    min: 1,
    show: percent,
  },
  {
    what: 'delivery, 20 % killed',
    known: '100 %',
    from: [inCase('mass-kill-20', 'delivery'), inFaults('delivery')],
    min: 1,
    show: percent,
  },
  {
    what: 'delivery, 50 % killed',
    known: '99.68 %',
    from: [inCase('mass-kill-50', 'delivery'), inFaults('delivery')],
    min: 1,
    show: percent,
  },
  {
    what: 'all survivors have all, 5 % killed',
    known: '–',
    from: [inCase('mass-kill-5', 'recoveryMs'), inKill('5 % killed')],
    max: 3000,
    show: seconds,
  },
  {
    what: 'all survivors have all, 20 % killed',
    known: '–',
    from: [inCase('mass-kill-20', 'recoveryMs'), inKill('20 % killed')],
    max: 5000,
    show: seconds,
  },
  {
    what: 'all survivors have all, 50 % killed',
    known: '–',
    from: [inCase('mass-kill-50', 'recoveryMs'), inKill('50 % killed')],
    max: 10_000,
    show: seconds,
  },
  {
    what: 'survivors have it within 10 s, 50 % killed',
    known: '–',
    from: [inCase('mass-kill-50', 'deliverySurvivors'), inFaults('deliverySurvivors')],
    min: 1,
    show: percent,
  },
  {
    what: 'delivery, 20 % loss, 1 % churn a second',
    known: '99.999 %',
    from: [inCase('churn-1-loss-20', 'delivery')],
    min: 1,
    show: percent,
  },
  {
    what: 'duplicates per delivery, one sender',
    known: '0.00',
    from: [inCase('broadcast', 'duplicatesPerDelivery'), inPhases('duplicatesPerDelivery', 'warm')],
    max: 0.0005,
    show: four,
  },
  {
    what: 'duplicates per delivery, many senders',
    known: '0.12–0.88 (GossipSub 5.4)',
    from: [inCase('many-senders', 'duplicatesPerDelivery'), inPhases('duplicatesPerDelivery', 'many')],
    max: 0.05,
    show: four,
  },
  {
    what: '… one sender, 5 % loss',
    known: '0.32–0.83',
    from: [inCase('broadcast-loss-5', 'duplicatesPerDelivery')],
    max: 0.1,
    show: four,
  },
  {
    what: '… many senders, 5 % loss',
    known: '0.32–0.83',
    from: [inCase('many-senders-loss-5', 'duplicatesPerDelivery')],
    max: 0.1,
    show: four,
  },
  {
    what: '… first message of an unheard sender',
    known: '5.99: a flood',
    from: [
      inCase('cold-senders', 'duplicatesPerDelivery'),
      inPhases('duplicatesPerDelivery', 'very first', 'cold'),
    ],
    max: 0.3,
    show: four,
  },
  {
    what: 'last-delivery hop, one sender',
    known: '12–22',
    from: [inCase('broadcast', 'lastHop'), inPhases('lastHop', 'warm')],
    max: 13,
    show: two,
  },
  {
    what: 'last-delivery hop, many senders',
    known: '12–22',
    from: [inCase('many-senders', 'lastHop'), inPhases('lastHop', 'many')],
    max: 13,
    show: two,
  },
  {
    what: 'last-delivery hop, first message of an unheard sender',
    known: '12–22',
    from: [inCase('cold-senders', 'lastHop'), inPhases('lastHop', 'cold')],
    max: 13,
    show: two,
  },
  {
    what: 'last arrival / fastest flood, many senders',
    known: '3.3',
    from: [inCase('many-senders', 'lastArrivalRatio'), inPhases('lastArrivalRatio', 'many')],
    max: 1.2,
    show: two,
  },
  {
    what: 'control bytes per delivery, one sender',
    known: '~6 digest entries',
    from: [inCase('broadcast', 'controlBytesPerDelivery'), inPhases('controlBytesPerDelivery', 'warm')],
    max: 64,
    show: two,
  },
  {
    what: 'control bytes per delivery, many senders',
    known: '~6 digest entries',
    from: [inCase('many-senders', 'controlBytesPerDelivery'), inPhases('controlBytesPerDelivery', 'many')],
    max: 64,
    show: two,
  },
  {
    what: 'direct messages, success',
    known: '100 %',
    from: [inCase('direct', 'directSuccess'), inSurvey('directSuccess')],
    min: 1,
    show: percent,
  },
  {
    what: 'direct messages, mean hops',
    known: '8.9',
    from: [inCase('direct', 'directMeanHops'), inSurvey('directMeanHops')],
    max: 8,
    show: two,
  },
  {
    what: 'direct messages at maxPeers 5, success',
    known: '100 %',
    from: [inCase('direct-5-links', 'directSuccess')],
    min: 1,
    show: percent,
  },
  {
    what: 'direct messages at maxPeers 5, mean hops',
    known: '16',
    from: [inCase('direct-5-links', 'directMeanHops')],
    max: 14,
    show: two,
  },
  {
    what: 'routing whole again, 50 % killed',
    known: '5 rounds',
    from: [inCase('direct-kill-50', 'routingRecoveryMs'), inFaults('routingRecoveryMs')],
    max: 5000,
    show: seconds,
  },
  {
    what: 'partition of 60 s: one island, backlog delivered',
    known: '–',
    from: [inCase('partition', 'healMs'), inFaults('healMs')],
    max: 5000,
    show: seconds,
  },
  {
    what: '… and how often a missing message crosses the cut',
    known: '–',
    // One of them brings it; before that some ask for one message each.
    from: [inCase('partition', 'crossingsPerMissing'), inFaults('crossingsPerMissing')],
    max: 2,
    show: two,
  },
  {
    what: 'idle bytes per link per second',
    known: '–',
    from: [inCase('idle', 'idleBytesPerLinkPerSecond'), inSurvey('idleBytesPerLinkPerSecond')],
    max: 50,
    show: two,
  },
  {
    what: 'link changes per peer per minute, idle',
    known: '–',
    from: [inCase('idle', 'linkChangesPerPeerPerMinute'), inSurvey('linkChangesPerPeerPerMinute')],
    max: 0.1,
    show: four,
  },
  {
    what: 'events per second and core (slowest run)',
    known: '–',
    from: [inCase('*', 'eventsPerSecond')],
    min: 1e6,
    show: count,
  },
  { what: 'memory, MB (largest run)', known: '–', from: [inCase('*', 'memoryMB')], max: 8192, show: count },
]

/** A line of the growth table and of a plot. */
export interface Growth {
  readonly label: string
  readonly from: readonly Source[]
  readonly digits: number
  /** The plot that it is drawn in. */
  readonly plot: string
}

export const PLOTS: Readonly<Record<string, { readonly title: string; readonly unit: string }>> = {
  hops: { title: 'Hops', unit: '' },
  arrival: { title: 'Last arrival of a broadcast', unit: 'ms' },
  duplicates: { title: 'Duplicates per delivery', unit: '' },
  control: { title: 'Control bytes per delivery', unit: 'B' },
  joining: { title: 'Bytes over links until a peer has joined', unit: 'B' },
  recovery: { title: 'Until everybody left has everything', unit: 'ms' },
  idle: { title: 'Idle traffic per link', unit: 'B/s' },
}

export const GROWTH: readonly Growth[] = [
  {
    label: 'mean hops between peers',
    from: [inCase('broadcast', 'meanHops'), inSurvey('meanHops')],
    digits: 2,
    plot: 'hops',
  },
  {
    label: 'last-delivery hop, one sender',
    from: [inCase('broadcast', 'lastHop'), inPhases('lastHop', 'warm')],
    digits: 2,
    plot: 'hops',
  },
  {
    label: 'last-delivery hop, many senders',
    from: [inCase('many-senders', 'lastHop'), inPhases('lastHop', 'many')],
    digits: 2,
    plot: 'hops',
  },
  {
    label: 'last-delivery hop, unheard senders',
    from: [inCase('cold-senders', 'lastHop'), inPhases('lastHop', 'cold')],
    digits: 2,
    plot: 'hops',
  },
  {
    label: 'mean hops of direct messages',
    from: [inCase('direct', 'directMeanHops'), inSurvey('directMeanHops')],
    digits: 2,
    plot: 'hops',
  },
  {
    label: 'mean hops of direct messages, 5 links',
    from: [inCase('direct-5-links', 'directMeanHops')],
    digits: 2,
    plot: 'hops',
  },
  {
    label: 'last arrival, one sender, ms',
    from: [inCase('broadcast', 'lastArrivalMs'), inPhases('lastArrivalMs', 'warm')],
    digits: 0,
    plot: 'arrival',
  },
  {
    label: 'last arrival, many senders, ms',
    from: [inCase('many-senders', 'lastArrivalMs'), inPhases('lastArrivalMs', 'many')],
    digits: 0,
    plot: 'arrival',
  },
  {
    label: 'last arrival, unheard senders, ms',
    from: [inCase('cold-senders', 'lastArrivalMs'), inPhases('lastArrivalMs', 'very first', 'cold')],
    digits: 0,
    plot: 'arrival',
  },
  {
    label: 'duplicates, many senders',
    from: [inCase('many-senders', 'duplicatesPerDelivery'), inPhases('duplicatesPerDelivery', 'many')],
    digits: 4,
    plot: 'duplicates',
  },
  {
    label: 'duplicates, unheard senders',
    from: [
      inCase('cold-senders', 'duplicatesPerDelivery'),
      inPhases('duplicatesPerDelivery', 'very first', 'cold'),
    ],
    digits: 4,
    plot: 'duplicates',
  },
  {
    label: 'duplicates, 5 % loss',
    from: [inCase('broadcast-loss-5', 'duplicatesPerDelivery')],
    digits: 4,
    plot: 'duplicates',
  },
  {
    label: 'control bytes, one sender',
    from: [inCase('broadcast', 'controlBytesPerDelivery'), inPhases('controlBytesPerDelivery', 'warm')],
    digits: 1,
    plot: 'control',
  },
  {
    label: 'control bytes, many senders',
    from: [inCase('many-senders', 'controlBytesPerDelivery'), inPhases('controlBytesPerDelivery', 'many')],
    digits: 1,
    plot: 'control',
  },
  {
    label: 'bytes of joining, per peer',
    from: [inCase('joins', 'bytesPerJoin')],
    digits: 0,
    plot: 'joining',
  },
  {
    label: 'recovery, 5 % killed, ms',
    from: [inCase('mass-kill-5', 'recoveryMs'), inKill('5 % killed')],
    digits: 0,
    plot: 'recovery',
  },
  {
    label: 'recovery, 20 % killed, ms',
    from: [inCase('mass-kill-20', 'recoveryMs'), inKill('20 % killed')],
    digits: 0,
    plot: 'recovery',
  },
  {
    label: 'recovery, 50 % killed, ms',
    from: [inCase('mass-kill-50', 'recoveryMs'), inKill('50 % killed')],
    digits: 0,
    plot: 'recovery',
  },
  {
    label: 'routing recovery, 50 % killed, ms',
    from: [inCase('direct-kill-50', 'routingRecoveryMs'), inFaults('routingRecoveryMs')],
    digits: 0,
    plot: 'recovery',
  },
  {
    label: 'partition healed, ms',
    from: [inCase('partition', 'healMs'), inFaults('healMs')],
    digits: 0,
    plot: 'recovery',
  },
  {
    label: 'idle bytes per link per second',
    from: [inCase('idle', 'idleBytesPerLinkPerSecond'), inSurvey('idleBytesPerLinkPerSecond')],
    digits: 1,
    plot: 'idle',
  },
]
