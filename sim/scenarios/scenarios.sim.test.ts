/**
 * The library's protocol in the simulator, with fixed seeds: what the README claims, at sizes that a test can run.
 * A failure prints the command that repeats it.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { commandOf } from '../arguments.ts'
import { DEFAULTS, type SimOptions } from '../options.ts'
import { protocolMachine } from '../protocol-machine.ts'
import type { Report } from '../report.ts'
import { newLab, runScenario } from '../run.ts'
import { scenarios } from './index.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

function run(name: string, given: Partial<SimOptions>): { report: Report; command: string } {
  const scenario = scenarios.find(candidate => candidate.name === name)
  if (scenario === undefined) throw new Error(`no scenario ${name}`)
  const options = { ...DEFAULTS, ...scenario.defaults, ...given }
  const command = commandOf(name, options, scenario.defaults)
  const lab = newLab(options, protocolMachine)
  try {
    return { report: runScenario(scenario, lab), command }
  } catch (error) {
    throw new Error(command, { cause: error })
  }
}

function expectBudgets({ report, command }: { report: Report; command: string }): void {
  expect(
    report.budgets.filter(budget => !budget.ok),
    command,
  ).toEqual([])
}

describe('a thousand peers', () => {
  it('join one by one into one island; broadcasts reach everybody exactly once, direct messages arrive', {
    timeout: 200_000,
  }, () => {
    // As a person runs it: the command, bundled. Its stdout is one JSON object and nothing else.
    const args = [
      'scripts/run.mjs',
      'sim/cli.ts',
      '--peers',
      '1000',
      '--max-peers',
      '8',
      '--seed',
      '7',
      '--json',
    ]
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    const report = JSON.parse(stdout) as Report
    expect(report).toMatchObject({ islands: 1, delivery: 1, directSuccess: 1, scenario: 'broadcast' })
    expect(report.duplicatesPerDelivery).toBeLessThanOrEqual(0.05)
  })
})

describe('any size', () => {
  it.each([1, 2, 3, 5, 9, 10, 30])('%i peers broadcast and send', peers => {
    expectBudgets(run('broadcast', { peers, maxPeers: 4, seed: 11 }))
  })
})

describe('a mesh that outlives its server', () => {
  it('signals 95 % of the links after the first of either end by itself', () => {
    expectBudgets(run('joins', { peers: 60, seed: 4 }))
  })

  it.each([
    { peers: 40, seed: 2 },
    { peers: 24, seed: 4, maxPeers: 5 },
    { peers: 30, seed: 3, unreachable: 0, nat: 0.577 },
  ])('closes its ring with relayed links where a third of all pairs cannot link: %o', options => {
    expectBudgets(run('relayed', options))
  })

  it('loses no message to relays that drop, delay or alter what they carry', () => {
    expectBudgets(run('relayed', { peers: 60, seed: 1, tampering: 0.3 }))
  })

  it('brings every broadcast and every direct message past silent relays', () => {
    expectBudgets(run('relayed', { peers: 60, seed: 6, silent: 0.1 }))
  })
})

describe('one seed', () => {
  it('has one trace hash', () => {
    const hash = () => run('broadcast', { peers: 60, seed: 5, loss: 0.02, jitter: 10 }).report.traceHash
    expect(hash()).toBe(hash())
  })
})

describe('lossy links', () => {
  it('lose 5 % of all packets, and no broadcast', () => {
    const { report, command } = run('broadcast', { peers: 100, seed: 3, loss: 0.05 })
    expect(report, command).toMatchObject({ islands: 1, delivery: 1, directSuccess: 1 })
  })

  it('lose one packet in five, and no direct message', () => {
    expectBudgets(run('direct', { peers: 60, seed: 3, loss: 0.2 }))
  })

  it('reorder, double and delay packets, and no message is lost, doubled or out of order', () => {
    const faults = { reorder: 0.1, duplicate: 0.1, jitter: 50, connectFailure: 0.1, verifyCost: 0.5 }
    expectBudgets(run('broadcast', { peers: 60, seed: 12, ...faults }))
  })
})

describe('slow links', () => {
  it('are quiet when idle: a handshake repeated over a round trip of a second comes to an end', () => {
    expectBudgets(
      run('idle', { peers: 2, seed: 1, latencyMin: 510, latencyMax: 600, connectTimeout: 30_000 }),
    )
  })
})

describe('faults', () => {
  it.each([
    ['joins', { peers: 200, seed: 1 }],
    ['server-down', { peers: 60, seed: 10 }],
    ['many-senders', { peers: 100, seed: 2 }],
    ['cold-senders', { peers: 100, seed: 3 }],
    ['mass-kill', { peers: 100, seed: 4 }],
    ['churn', { peers: 100, seed: 5 }],
    ['partition', { peers: 40, seed: 6 }],
    // Large enough for a storm: without tentative asks it takes 156 events a second and peer.
    ['partition', { peers: 150, seed: 1 }],
    ['frozen', { peers: 40, seed: 7 }],
    ['sleep', { peers: 60, seed: 20 }],
    ['sleep', { peers: 40, seed: 21, loss: 0.05 }],
    ['network-change', { peers: 60, seed: 22 }],
    ['network-change', { peers: 60, seed: 23, maxPeers: 4, restarts: 0 }],
    ['network-change', { peers: 40, seed: 24, move: 1, loss: 0.05 }],
    ['direct', { peers: 100, maxPeers: 5, seed: 8 }],
    ['direct-kill', { peers: 100, seed: 13 }],
    ['gap', { peers: 150, seed: 1 }],
    ['idle', { peers: 100, seed: 9 }],
    ['survey', { peers: 60, seed: 19 }],
    ['survey-faults', { peers: 60, seed: 19 }],
    ['topics', { peers: 60, seed: 5 }],
    ['topics', { peers: 40, seed: 13, loss: 0.05 }],
    ['receipts', { peers: 100, seed: 13 }],
    ['receipts', { peers: 60, seed: 14, loss: 0.05 }],
    ['receipts', { peers: 100, seed: 15, kill: 0.2 }],
    ['causal', { peers: 60, seed: 5 }],
    ['causal', { peers: 60, seed: 16, loss: 0.05 }],
    ['late', { peers: 60, seed: 17 }],
    ['late', { peers: 60, seed: 20, loss: 0.05 }],
  ] as const)('%s', (name, options) => {
    expectBudgets(run(name, options))
  })
})

describe('answers that are sent fifo', () => {
  it('arrive before their question now and then: the invariant that forbids it can fail', () => {
    expect(() => run('causal', { peers: 60, seed: 5, order: 0 })).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ invariant: 'causal' }) }),
    )
  })
})
