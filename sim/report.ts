/**
 * What a run found. Names and fields are stable: people script against them. A field that a scenario does not
 * measure is null.
 * @module
 */

/** One group of messages: what they reached and what they cost. */
export interface Phase {
  readonly name: string
  readonly messages: number
  /** First arrivals at peers that were there from sending to the end, and how many there should be. */
  readonly deliveries: number
  readonly expected: number
  /** Arrivals of a message at a peer that had it, per first arrival. */
  readonly duplicatesPerDelivery: number
  /** Mean over the messages: the most links a copy crossed before it was new to somebody. */
  readonly lastHop: number
  /** Mean over the messages, ms from sending to the last first arrival; and the worst. */
  readonly lastArrivalMs: number
  readonly worstArrivalMs: number
  /** Mean over the messages: last arrival as a multiple of the fastest flood's over the same links. */
  readonly lastArrivalRatio: number
  /** Pushes that arrived, per first arrival at a peer that wants the topic. */
  readonly pushesPerDelivery: number
  /** Bytes of gossip frames that carry no message, per first arrival. */
  readonly controlBytesPerDelivery: number
  /** Bytes of all frames, per first arrival, the bodies included. */
  readonly bytesPerDelivery: number
  /** Packets of all kinds, heartbeats included, per first arrival. */
  readonly packetsPerDelivery: number
  /** Requests settled with `ok`, as a share. */
  readonly settled: number
  /** Where peers were killed during the phase: virtual ms from then until the survivors were one island and had every message. */
  readonly recoveryMs: number | null
}

export interface BudgetResult {
  readonly field: string
  readonly value: number | null
  readonly min: number | null
  readonly max: number | null
  readonly ok: boolean
}

export interface Report {
  readonly scenario: string
  readonly peers: number
  readonly maxPeers: number
  readonly seed: number
  readonly loss: number
  readonly kill: number
  readonly churn: number
  /** Peers alive at the end. */
  readonly live: number
  /** Connected components at the end. */
  readonly islands: number
  /** Live peers that follow each other in id order and have no link, at the end: 0 is a whole, symmetric ring. */
  readonly ringFaults: number
  /** Links between two peers, shortest paths: mean and maximum. */
  readonly meanHops: number
  readonly maxHops: number
  readonly linksPerPeer: number
  readonly minLinks: number
  readonly maxLinks: number
  /** Share of deliveries due that were made: all messages of all phases. */
  readonly delivery: number | null
  /** The same within 10 s of sending, to those that survived a kill. */
  readonly deliverySurvivors: number | null
  /** Of the headline phase: see {@link Phase}. */
  readonly duplicatesPerDelivery: number | null
  readonly lastHop: number | null
  readonly lastArrivalMs: number | null
  readonly lastArrivalRatio: number | null
  readonly controlBytesPerDelivery: number | null
  /** Of the headline phase: pushes per first arrival at an interested peer, and per link that leads to one. */
  readonly pushesPerWantedDelivery: number | null
  readonly pushesPerNeededLink: number | null
  readonly directSuccess: number | null
  readonly directMeanHops: number | null
  /** From sending to arrival, virtual ms; the question for the receiver's record is in it. */
  readonly directMeanMs: number | null
  /** The same against the quickest path there was. */
  readonly directStretch: number | null
  readonly idleBytesPerLinkPerSecond: number | null
  readonly linkChangesPerPeerPerMinute: number | null
  /** Counts of receipts when they were settled, as a share of the peers that had the message then: all of them, and the least. */
  readonly receiptShare: number | null
  readonly leastReceiptShare: number | null
  /** Mean over the messages, ms from the last arrival to the last receipt. */
  readonly receiptMs: number | null
  /** Bytes of the frames that count, per first arrival. */
  readonly receiptBytesPerDelivery: number | null
  /** Share of the past messages asked for that came. */
  readonly historyShare: number | null
  /** Mean over those who asked, ms. */
  readonly historyMs: number | null
  /** Virtual ms from the kill until the survivors were one island and had every message. */
  readonly recoveryMs: number | null
  /** Virtual ms from the kill until direct messages began to arrive at first go: 100 in a row within 2 s each. */
  readonly routingRecoveryMs: number | null
  /** Virtual ms from the kill, the last join or the end of a partition until one island had a whole ring. */
  readonly wholeMs: number | null
  /** Virtual ms from the end of a partition until one island had every message. */
  readonly healMs: number | null
  /** Pushes between peers that a partition had left on different islands, per message that an island lacked: at least 1. */
  readonly crossingsPerMissing: number | null
  /** Events of the busiest virtual second of the ten after a partition or a silent kill, per live peer; an idle one has 16. */
  readonly stormEventsPerPeerPerSecond: number | null
  /** Bytes sent over links in those ten seconds, per live peer. */
  readonly stormBytesPerPeer: number | null
  /** Virtual ms until all that joined were one island. */
  readonly joinMs: number | null
  /** Virtual ms from joining to the first link: mean and worst of all peers. */
  readonly firstLinkMs: number | null
  readonly worstFirstLinkMs: number | null
  /** Relayed links there are, and neighbours on the ring that cannot link directly: what is needed of them. */
  readonly relayedLinks: number | null
  readonly relayedNeeded: number | null
  readonly relayedShare: number | null
  /** Bytes that the busiest relay carried in its busiest second. */
  readonly relayPeak: number | null
  /** Of the links that came up at a peer which had had one before: the share that needed no signaling server. */
  readonly signaledByMesh: number | null
  /** Virtual ms from a change of networks until the last of those that moved knew that its links are silent. */
  readonly noticedMs: number | null
  /** Neighbours that applications were told to be gone meanwhile, per link of who moved. */
  readonly disconnectsPerLink: number | null
  /** Links that came up or went down, each end counted, and bytes over links, per peer that joined. */
  readonly linkChangesPerJoin: number | null
  readonly bytesPerJoin: number | null
  readonly phases: readonly Phase[]
  readonly virtualMs: number
  readonly events: number
  readonly realMs: number
  readonly eventsPerSecond: number
  /** The most memory that the process has held, MB of 10⁶ bytes. */
  readonly memoryMB: number
  readonly traceHash: string
  readonly budgets: readonly BudgetResult[]
  readonly ok: boolean
  /** The last step that was done where the run was cut short (`--minutes`); null where it came to its end. */
  readonly stoppedAfter: string | null
}

/** What a run that was cut short has found. Figures of its end, and those it had not come to, are not in it. */
export type ReportSoFar = Partial<Report> &
  Pick<Report, 'scenario' | 'peers' | 'maxPeers' | 'seed' | 'loss' | 'kill' | 'churn'> &
  Pick<Report, 'phases' | 'budgets' | 'traceHash' | 'stoppedAfter'>

function share(value: number): string {
  return `${value === 1 ? '100' : (Math.floor(value * 1e6) / 1e4).toFixed(4)} %`
}

function plain(digits: number, unit = ''): (value: number) => string {
  return value => `${value.toFixed(digits)}${unit}`
}

const ROWS: readonly (readonly [keyof Report, string, (value: number) => string])[] = [
  ['live', 'peers alive', plain(0)],
  ['islands', 'islands', plain(0)],
  ['ringFaults', 'broken places of the ring', plain(0)],
  ['joinMs', 'one island after', plain(0, ' ms')],
  ['meanHops', 'mean hops between peers', plain(2)],
  ['maxHops', 'maximum hops', plain(0)],
  ['linksPerPeer', 'links per peer', plain(2)],
  ['minLinks', 'fewest links', plain(0)],
  ['maxLinks', 'most links', plain(0)],
  ['delivery', 'delivery', share],
  ['deliverySurvivors', 'delivery to survivors in 10 s', share],
  ['duplicatesPerDelivery', 'duplicates per delivery', plain(4)],
  ['lastHop', 'last hop', plain(2)],
  ['lastArrivalMs', 'last arrival', plain(1, ' ms')],
  ['lastArrivalRatio', 'last arrival / fastest flood', plain(2)],
  ['controlBytesPerDelivery', 'control bytes per delivery', plain(1)],
  ['pushesPerWantedDelivery', 'pushes per wanted delivery', plain(3)],
  ['pushesPerNeededLink', 'pushes per link that was needed', plain(3)],
  ['directSuccess', 'direct messages', share],
  ['directMeanHops', 'mean direct hops', plain(2)],
  ['directMeanMs', 'mean direct time', plain(0, ' ms')],
  ['directStretch', 'direct time / quickest path', plain(2)],
  ['idleBytesPerLinkPerSecond', 'idle bytes per link per second', plain(1)],
  ['linkChangesPerPeerPerMinute', 'link changes per peer per minute', plain(3)],
  ['firstLinkMs', 'first link after, mean', plain(0, ' ms')],
  ['worstFirstLinkMs', 'first link after, worst', plain(0, ' ms')],
  ['relayedLinks', 'relayed links', plain(0)],
  ['relayedNeeded', '… that the ring needs', plain(0)],
  ['relayedShare', '… of those', plain(3)],
  ['relayPeak', 'most relayed by one in a second', plain(0, ' B')],
  ['signaledByMesh', 'later links signaled by the mesh', share],
  ['noticedMs', 'change of networks noticed after', plain(0, ' ms')],
  ['disconnectsPerLink', 'neighbours lost per link of theirs', plain(3)],
  ['linkChangesPerJoin', 'link changes per join', plain(2)],
  ['bytesPerJoin', 'bytes per join', plain(0)],
  ['wholeMs', 'ring whole after', plain(0, ' ms')],
  ['receiptShare', 'receipts of those that have it', share],
  ['leastReceiptShare', '… the least of one message', share],
  ['receiptMs', 'receipts in after the last arrival', plain(0, ' ms')],
  ['receiptBytesPerDelivery', 'receipt bytes per delivery', plain(1)],
  ['historyShare', 'past messages found', share],
  ['historyMs', 'past messages found within', plain(0, ' ms')],
  ['recoveryMs', 'recovered after', plain(0, ' ms')],
  ['routingRecoveryMs', 'routing whole after', plain(0, ' ms')],
  ['healMs', 'healed after', plain(0, ' ms')],
  ['crossingsPerMissing', 'crossings per missing message', plain(3)],
  ['stormEventsPerPeerPerSecond', 'events per peer, busiest second', plain(1)],
  ['stormBytesPerPeer', 'bytes per peer, ten seconds', plain(0)],
  ['virtualMs', 'virtual time', value => `${(value / 1000).toFixed(1)} s`],
  ['realMs', 'real time', value => `${(value / 1000).toFixed(1)} s`],
  ['events', 'events', plain(0)],
  ['eventsPerSecond', 'events per second', plain(0)],
  ['memoryMB', 'memory', plain(0, ' MB')],
]

/** The report as a small table for people. */
export function table(report: ReportSoFar): string {
  const faults = (['loss', 'kill', 'churn'] as const)
    .filter(field => report[field] > 0)
    .map(field => `, ${field} ${report[field]}`)
    .join('')
  const lines = [
    `${report.scenario}: ${report.peers} peers, ${report.maxPeers} links each, seed ${report.seed}${faults}`,
    '',
  ]
  for (const [field, label, show] of ROWS) {
    const value = report[field]
    if (typeof value === 'number') lines.push(`  ${label.padEnd(34)}${show(value).padStart(14)}`)
  }
  lines.push(`  ${'trace hash'.padEnd(32)}${report.traceHash.padStart(16)}`)
  if (report.phases.length > 0) lines.push('', ...phaseLines(report.phases))
  lines.push('')
  for (const budget of report.budgets) {
    const limit = [
      budget.min === null ? '' : ` ≥ ${budget.min}`,
      budget.max === null ? '' : ` ≤ ${budget.max}`,
    ].join('')
    lines.push(`  ${budget.ok ? 'met   ' : 'MISSED'}  ${budget.field}${limit}: ${budget.value}`)
  }
  if (report.stoppedAfter !== null) lines.push(`  cut short after ${report.stoppedAfter}`)
  return lines.join('\n')
}

function phaseLines(phases: readonly Phase[]): string[] {
  const lines = [
    '  phase          messages   delivered  dup/deliv  last hop  last ms  × flood  control B  total B  packets  settled',
  ]
  for (const phase of phases) {
    lines.push(
      [
        `  ${phase.name.padEnd(14)}`,
        String(phase.messages).padStart(9),
        share(phase.expected === 0 ? 1 : phase.deliveries / phase.expected).padStart(12),
        phase.duplicatesPerDelivery.toFixed(4).padStart(11),
        phase.lastHop.toFixed(2).padStart(10),
        phase.lastArrivalMs.toFixed(0).padStart(9),
        phase.lastArrivalRatio.toFixed(2).padStart(9),
        phase.controlBytesPerDelivery.toFixed(1).padStart(11),
        phase.bytesPerDelivery.toFixed(0).padStart(9),
        phase.packetsPerDelivery.toFixed(2).padStart(9),
        share(phase.settled).padStart(9),
      ].join(''),
    )
  }
  return lines
}
