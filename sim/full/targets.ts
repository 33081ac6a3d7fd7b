/**
 * What the protocol is to reach at 10,000 peers with eight links each, beside what is known of others. Each target
 * is a figure of one case; of all seeds, the worst counts.
 * @module
 */
import type { Figures } from './results.ts'

export interface Target {
  readonly what: string
  /** What a plain Plumtree or a published system reaches. */
  readonly known: string
  /** The case that measures it; `*` for every case. */
  readonly of: string
  readonly field: keyof Figures
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
  { what: 'islands, every case', known: '375', of: '*', field: 'islands', max: 1, show: count },
  {
    what: 'delivery, 5 % killed',
    known: '100 %',
    of: 'mass-kill-5',
    field: 'delivery',
    min: 1,
    show: percent,
  },
  {
    what: 'delivery, 20 % killed',
    known: '100 %',
    of: 'mass-kill-20',
    field: 'delivery',
    min: 1,
    show: percent,
  },
  {
    what: 'delivery, 50 % killed',
    known: '99.68 %',
    of: 'mass-kill-50',
    field: 'delivery',
    min: 1,
    show: percent,
  },
  {
    what: 'all survivors have all, 5 % killed',
    known: '–',
    of: 'mass-kill-5',
    field: 'recoveryMs',
    max: 3000,
    show: seconds,
  },
  {
    what: 'all survivors have all, 20 % killed',
    known: '–',
    of: 'mass-kill-20',
    field: 'recoveryMs',
    max: 5000,
    show: seconds,
  },
  {
    what: 'all survivors have all, 50 % killed',
    known: '–',
    of: 'mass-kill-50',
    field: 'recoveryMs',
    max: 10_000,
    show: seconds,
  },
  {
    what: 'survivors have it within 10 s, 50 % killed',
    known: '–',
    of: 'mass-kill-50',
    field: 'deliverySurvivors',
    min: 1,
    show: percent,
  },
  {
    what: 'delivery, 20 % loss, 1 % churn a second',
    known: '99.999 %',
    of: 'churn-1-loss-20',
    field: 'delivery',
    min: 1,
    show: percent,
  },
  {
    what: 'duplicates per delivery, one sender',
    known: '0.00',
    of: 'broadcast',
    field: 'duplicatesPerDelivery',
    max: 0.0005,
    show: four,
  },
  {
    what: 'duplicates per delivery, many senders',
    known: '0.12–0.88 (GossipSub 5.4)',
    of: 'many-senders',
    field: 'duplicatesPerDelivery',
    max: 0.05,
    show: four,
  },
  {
    what: '… one sender, 5 % loss',
    known: '0.32–0.83',
    of: 'broadcast-loss-5',
    field: 'duplicatesPerDelivery',
    max: 0.1,
    show: four,
  },
  {
    what: '… many senders, 5 % loss',
    known: '0.32–0.83',
    of: 'many-senders-loss-5',
    field: 'duplicatesPerDelivery',
    max: 0.1,
    show: four,
  },
  {
    what: '… first message of an unheard sender',
    known: '5.99: a flood',
    of: 'cold-senders',
    field: 'duplicatesPerDelivery',
    max: 0.3,
    show: four,
  },
  {
    what: 'last-delivery hop, one sender',
    known: '12–22',
    of: 'broadcast',
    field: 'lastHop',
    max: 13,
    show: two,
  },
  {
    what: 'last-delivery hop, many senders',
    known: '12–22',
    of: 'many-senders',
    field: 'lastHop',
    max: 13,
    show: two,
  },
  {
    what: 'last arrival / fastest flood, many senders',
    known: '3.3',
    of: 'many-senders',
    field: 'lastArrivalRatio',
    max: 1.2,
    show: two,
  },
  {
    what: 'control bytes per delivery, one sender',
    known: '~6 digest entries',
    of: 'broadcast',
    field: 'controlBytesPerDelivery',
    max: 64,
    show: two,
  },
  {
    what: 'control bytes per delivery, many senders',
    known: '~6 digest entries',
    of: 'many-senders',
    field: 'controlBytesPerDelivery',
    max: 64,
    show: two,
  },
  {
    what: 'direct messages, success',
    known: '100 %',
    of: 'direct',
    field: 'directSuccess',
    min: 1,
    show: percent,
  },
  {
    what: 'direct messages, mean hops',
    known: '8.9',
    of: 'direct',
    field: 'directMeanHops',
    max: 8,
    show: two,
  },
  {
    what: 'direct messages at maxPeers 5, success',
    known: '100 %',
    of: 'direct-5-links',
    field: 'directSuccess',
    min: 1,
    show: percent,
  },
  {
    what: 'direct messages at maxPeers 5, mean hops',
    known: '16',
    of: 'direct-5-links',
    field: 'directMeanHops',
    max: 14,
    show: two,
  },
  {
    what: 'routing whole again, 50 % killed',
    known: '5 rounds',
    of: 'direct-kill-50',
    field: 'routingRecoveryMs',
    max: 5000,
    show: seconds,
  },
  {
    what: 'partition of 60 s: one island, backlog delivered',
    known: '–',
    of: 'partition',
    field: 'healMs',
    max: 5000,
    show: seconds,
  },
  {
    what: 'idle bytes per link per second',
    known: '–',
    of: 'idle',
    field: 'idleBytesPerLinkPerSecond',
    max: 50,
    show: two,
  },
  {
    what: 'link changes per peer per minute, idle',
    known: '–',
    of: 'idle',
    field: 'linkChangesPerPeerPerMinute',
    max: 0.1,
    show: four,
  },
  {
    what: 'events per second and core (slowest run)',
    known: '–',
    of: '*',
    field: 'eventsPerSecond',
    min: 1e6,
    show: count,
  },
  { what: 'memory, MB (largest run)', known: '–', of: '*', field: 'memoryMB', max: 8192, show: count },
]

/** A line of the growth table and of a plot. */
export interface Growth {
  readonly label: string
  readonly of: string
  readonly field: keyof Figures
  readonly digits: number
  /** The plot that it is drawn in. */
  readonly plot: string
}

export const PLOTS: Readonly<Record<string, { readonly title: string; readonly unit: string }>> = {
  hops: { title: 'Hops', unit: '' },
  arrival: { title: 'Last arrival of a broadcast', unit: 'ms' },
  duplicates: { title: 'Duplicates per delivery', unit: '' },
  control: { title: 'Control bytes per delivery', unit: 'B' },
  recovery: { title: 'Until everybody left has everything', unit: 'ms' },
  idle: { title: 'Idle traffic per link', unit: 'B/s' },
}

export const GROWTH: readonly Growth[] = [
  { label: 'mean hops between peers', of: 'broadcast', field: 'meanHops', digits: 2, plot: 'hops' },
  { label: 'last-delivery hop, one sender', of: 'broadcast', field: 'lastHop', digits: 2, plot: 'hops' },
  { label: 'last-delivery hop, many senders', of: 'many-senders', field: 'lastHop', digits: 2, plot: 'hops' },
  { label: 'mean hops of direct messages', of: 'direct', field: 'directMeanHops', digits: 2, plot: 'hops' },
  {
    label: 'mean hops of direct messages, 5 links',
    of: 'direct-5-links',
    field: 'directMeanHops',
    digits: 2,
    plot: 'hops',
  },
  {
    label: 'last arrival, one sender, ms',
    of: 'broadcast',
    field: 'lastArrivalMs',
    digits: 0,
    plot: 'arrival',
  },
  {
    label: 'last arrival, many senders, ms',
    of: 'many-senders',
    field: 'lastArrivalMs',
    digits: 0,
    plot: 'arrival',
  },
  {
    label: 'last arrival, unheard senders, ms',
    of: 'cold-senders',
    field: 'lastArrivalMs',
    digits: 0,
    plot: 'arrival',
  },
  {
    label: 'duplicates, many senders',
    of: 'many-senders',
    field: 'duplicatesPerDelivery',
    digits: 4,
    plot: 'duplicates',
  },
  {
    label: 'duplicates, unheard senders',
    of: 'cold-senders',
    field: 'duplicatesPerDelivery',
    digits: 4,
    plot: 'duplicates',
  },
  {
    label: 'duplicates, 5 % loss',
    of: 'broadcast-loss-5',
    field: 'duplicatesPerDelivery',
    digits: 4,
    plot: 'duplicates',
  },
  {
    label: 'control bytes, one sender',
    of: 'broadcast',
    field: 'controlBytesPerDelivery',
    digits: 1,
    plot: 'control',
  },
  {
    label: 'control bytes, many senders',
    of: 'many-senders',
    field: 'controlBytesPerDelivery',
    digits: 1,
    plot: 'control',
  },
  { label: 'recovery, 5 % killed, ms', of: 'mass-kill-5', field: 'recoveryMs', digits: 0, plot: 'recovery' },
  {
    label: 'recovery, 20 % killed, ms',
    of: 'mass-kill-20',
    field: 'recoveryMs',
    digits: 0,
    plot: 'recovery',
  },
  {
    label: 'recovery, 50 % killed, ms',
    of: 'mass-kill-50',
    field: 'recoveryMs',
    digits: 0,
    plot: 'recovery',
  },
  {
    label: 'routing recovery, 50 % killed, ms',
    of: 'direct-kill-50',
    field: 'routingRecoveryMs',
    digits: 0,
    plot: 'recovery',
  },
  { label: 'partition healed, ms', of: 'partition', field: 'healMs', digits: 0, plot: 'recovery' },
  {
    label: 'idle bytes per link per second',
    of: 'idle',
    field: 'idleBytesPerLinkPerSecond',
    digits: 1,
    plot: 'idle',
  },
]
