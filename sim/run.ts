/**
 * Runs one scenario from its options to its report.
 * @module
 */
import { Lab } from './lab.ts'
import type { MachineFactory } from './machine.ts'
import type { SimOptions } from './options.ts'
import type { Report, ReportSoFar } from './report.ts'
import { assess, type Scenario } from './scenario.ts'
import { World } from './world.ts'

export function newLab(options: SimOptions, factory: MachineFactory): Lab {
  return new Lab(new World(options, factory))
}

/** Runs a scenario to its end. Throws `InvariantViolation` at the first broken invariant, `CutShort` when its time is over. */
export function runScenario(scenario: Scenario, lab: Lab): Report {
  const { world } = lab
  const start = performance.now()
  scenario.run(lab)
  lab.rest()
  const made = { ...whatItIs(scenario, lab), ...whatItCost(world, performance.now() - start) }
  const measured: Report = { ...EMPTY, ...made, ...lab.figures(), phases: lab.phases }
  const budgets = scenario.budgets(world.options).map(budget => assess(budget, measured))
  return { ...measured, budgets, ok: budgets.every(budget => budget.ok) }
}

/** What a run has found that was cut short after the step `stoppedAfter`: of its budgets those that it has figures for. */
export function reportSoFar(scenario: Scenario, lab: Lab, realMs: number, stoppedAfter: string): ReportSoFar {
  const { world, phases } = lab
  const made = { ...whatItIs(scenario, lab), ...whatItCost(world, realMs) }
  let deliveries = 0
  let expected = 0
  for (const phase of phases) {
    deliveries += phase.deliveries
    expected += phase.expected
  }
  const delivery = expected === 0 ? null : deliveries / expected
  const found = { ...made, ...lab.found, ...lab.headFigures(), delivery, phases, stoppedAfter, ok: false }
  const budgets = scenario
    .budgets(world.options)
    .map(budget => assess(budget, found))
    .filter(({ value }) => value !== null)
  return { ...found, budgets }
}

function whatItIs({ name }: Scenario, { world }: Lab) {
  const { peers, maxPeers, seed, loss, kill, churn } = world.options
  return { scenario: name, peers, maxPeers, seed, loss, kill, churn }
}

function whatItCost(world: World, realMs: number) {
  return {
    virtualMs: world.now,
    events: world.events,
    realMs,
    eventsPerSecond: (world.events / realMs) * 1000,
    memoryMB: (process.resourceUsage().maxRSS * 1024) / 1e6,
    traceHash: world.trace.hash.digest(),
  }
}

const EMPTY: Report = {
  scenario: '',
  peers: 0,
  maxPeers: 0,
  seed: 0,
  loss: 0,
  kill: 0,
  churn: 0,
  live: 0,
  islands: 0,
  ringFaults: 0,
  meanHops: 0,
  maxHops: 0,
  linksPerPeer: 0,
  minLinks: 0,
  maxLinks: 0,
  delivery: null,
  deliverySurvivors: null,
  duplicatesPerDelivery: null,
  lastHop: null,
  lastArrivalMs: null,
  lastArrivalRatio: null,
  controlBytesPerDelivery: null,
  pushesPerWantedDelivery: null,
  pushesPerNeededLink: null,
  directSuccess: null,
  directMeanHops: null,
  directMeanMs: null,
  directStretch: null,
  idleBytesPerLinkPerSecond: null,
  linkChangesPerPeerPerMinute: null,
  receiptShare: null,
  leastReceiptShare: null,
  receiptMs: null,
  receiptBytesPerDelivery: null,
  historyShare: null,
  historyMs: null,
  recoveryMs: null,
  wholeMs: null,
  routingRecoveryMs: null,
  healMs: null,
  crossingsPerMissing: null,
  stormEventsPerPeerPerSecond: null,
  stormBytesPerPeer: null,
  joinMs: null,
  firstLinkMs: null,
  worstFirstLinkMs: null,
  relayedLinks: null,
  relayedNeeded: null,
  relayedShare: null,
  relayPeak: null,
  noticedMs: null,
  disconnectsPerLink: null,
  signaledByMesh: null,
  linkChangesPerJoin: null,
  bytesPerJoin: null,
  phases: [],
  virtualMs: 0,
  events: 0,
  realMs: 0,
  eventsPerSecond: 0,
  memoryMB: 0,
  traceHash: '',
  budgets: [],
  ok: true,
  stoppedAfter: null,
}
