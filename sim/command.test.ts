import { describe, expect, it } from 'vitest'
import { main, progress } from './command.ts'
import { DEFAULTS } from './options.ts'
import type { Report } from './report.ts'
import { newLab } from './run.ts'
import { type ToyFault, ToyMachine } from './testing/toy-machine.ts'

/** The command with toys in place of the protocol. */
function command(args: string, fault: ToyFault = 'none') {
  const out: string[] = []
  const err: string[] = []
  const code = main(args.split(' '), setup => new ToyMachine(setup, fault), {
    out: line => out.push(line),
    err: line => err.push(line),
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('the simulator command', () => {
  it('prints one JSON object with every published field', () => {
    const { out } = command('--peers 9 --seed 7 --json')
    const report = JSON.parse(out) as Report
    for (const field of [
      'islands',
      'delivery',
      'duplicatesPerDelivery',
      'lastHop',
      'lastArrivalMs',
      'controlBytesPerDelivery',
      'directSuccess',
      'directMeanHops',
      'eventsPerSecond',
      'traceHash',
      'peers',
      'maxPeers',
      'seed',
      'scenario',
      'loss',
    ] as const) {
      expect(report[field], field).not.toBeNull()
      expect(report[field], field).not.toBeUndefined()
    }
    expect(report).toMatchObject({
      peers: 9,
      maxPeers: 8,
      seed: 7,
      scenario: 'broadcast',
      islands: 1,
      delivery: 1,
    })
    // A flood over a full mesh of nine: each of the eight others gets it from seven more.
    expect(report.duplicatesPerDelivery).toBeCloseTo(7, 0)
    expect(report.lastArrivalRatio).toBe(1)
  })

  it('gives the same trace hash for the same command', () => {
    const hash = () => (JSON.parse(command('--peers 9 --seed 7 --loss 0.1 --json').out) as Report).traceHash
    expect(hash()).toBe(hash())
  })

  it('fails when a budget is missed, and says which and how to repeat it', () => {
    const { code, out, err } = command('--peers 9 --seed 7')
    expect(code).toBe(1)
    expect(out).toContain('MISSED  directSuccess ≥ 1: 0')
    expect(err).toContain('npm run sim -- --scenario broadcast --peers 9 --max-peers 8 --seed 7')
  })

  it('stops at a violated invariant with the seed, the command that repeats it and the story', () => {
    const { code, err } = command('--peers 9 --seed 7 --loss 0.01', 'delivers-twice')
    expect(code).toBe(1)
    expect(err).toMatch(
      /^violated exactly-once: message \d+ of peer \d delivered twice \(peer \d, [\d.]+ ms\)/,
    )
    expect(err).toContain(
      'seed 7; again: npm run sim -- --scenario broadcast --peers 9 --max-peers 8 --seed 7 --loss 0.01',
    )
    expect(err).toMatch(/peer \d {2}packet link \d/)
    // What it had found by then is told as well.
    const { out } = command('--peers 9 --seed 7 --loss 0.01 --json', 'delivers-twice')
    expect(JSON.parse(out)).toMatchObject({ stoppedAfter: 'idle', seed: 7, ok: false })
  })

  it('lists its scenarios', () => {
    const { code, out } = command('--list')
    expect(code).toBe(0)
    for (const name of [
      'broadcast',
      'many-senders',
      'cold-senders',
      'mass-kill',
      'churn',
      'partition',
      'frozen',
      'server-down',
      'network-change',
      'joins',
      'joins-at-once',
      'direct',
      'direct-kill',
      'idle',
      'survey',
      'survey-faults',
    ]) {
      expect(out).toMatch(new RegExp(`^${name} {2,}\\S`, 'm'))
    }
  })

  it('says nothing on its way when it is quick, and a line for each step once it is not', () => {
    expect(command('--peers 9 --seed 7').err).not.toContain('virtual s')
    const said: string[] = []
    const output = { out: () => undefined, err: (line: string) => said.push(line) }
    const lab = newLab({ ...DEFAULTS, peers: 9 }, setup => new ToyMachine(setup, 'none'))
    const times = [0, 4000, 6000]
    lab.onStep = progress(lab.world, output, () => times.shift() ?? 0)
    lab.joinOneByOne()
    expect(said).toEqual([])
    lab.idle(1000)
    expect(said).toEqual([expect.stringMatching(/^idle +done at +1\.2 virtual s, \d+ events, \d+ a second$/)])
  })

  it('ends a run whose minutes are over, and says what it has found by then and nothing of its end', () => {
    const { code, out, err } = command('--peers 9 --seed 7 --minutes 0 --json')
    expect([code, err]).toEqual([1, 'cut short after the start'])
    const report = JSON.parse(out) as Report
    expect(report).toMatchObject({ stoppedAfter: 'the start', phases: [], budgets: [], ok: false, events: 0 })
    expect('islands' in report).toBe(false)
    expect(command('--peers 9 --seed 7 --minutes 0').out).toContain('cut short after the start')
    expect(JSON.parse(command('--peers 9 --seed 7 --json').out)).toMatchObject({ stoppedAfter: null })
  })

  it('refuses what it does not know', () => {
    expect(command('--seeds 7')).toEqual({
      code: 2,
      out: '',
      err: 'unknown option --seeds: did you mean --seed?',
    })
  })
})
