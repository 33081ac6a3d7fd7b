/**
 * One seed, one trace hash, on any machine and engine: nothing that decides may depend on a locale, a wall clock,
 * ambient randomness, or a function whose last digit the language leaves to the engine (ECMA-262 §21.3.2).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Guests, scheduleOutages } from './faults.ts'
import { DEFAULTS } from './options.ts'
import { ToyMachine } from './testing/toy-machine.ts'
import { World } from './world.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FORBIDDEN =
  /\bMath\.(a?(sin|cos|tan)h?|atan2|log(10|1p|2)?|pow|expm?1?|cbrt|hypot|random)\b|\btoLocale\w+|\blocaleCompare\b|\bIntl\.|\bnew Date\b|\bDate\./
/** Rooms that only show what a run came to, and the command that draws a seed where none is given. */
const BESIDE = /^sim\/(full|testing)\/|\.(test|testing|test-support)\.ts$/

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return sources(path)
    return path.endsWith('.ts') && !BESIDE.test(path) ? [path] : []
  })
}

describe('a run', () => {
  it('is made of nothing that differs between machines', () => {
    const files = [...sources('sim'), ...sources('src/protocol')]
    expect(files.length).toBeGreaterThan(100)
    const guilty = files.filter(file => FORBIDDEN.test(readFileSync(join(ROOT, file), 'utf8')))
    expect(guilty).toEqual([])
  })

  it('has the trace hash it always had, with every fault at once', () => {
    const faults = {
      loss: 0.05,
      jitter: 20,
      pairJitter: 30,
      duplicate: 0.05,
      reorder: 0.05,
      bandwidth: 200,
      connectFailure: 0.1,
      oneWay: 0.2,
      nat: 0.2,
      skew: 5000,
      slowShare: 0.2,
      verifyCost: 0.3,
      silent: 0.1,
    }
    const world = new World(
      { ...DEFAULTS, seed: 7, maxPeers: 6, payload: 50, ...faults },
      setup => new ToyMachine(setup),
    )
    new Guests(world, 1)
    scheduleOutages(world, 10)
    for (let i = 0; i < 12; i++) {
      world.join()
      world.advance(300)
    }
    world.partition(world.live().slice(0, 3), 1)
    for (let i = 0; i < 40; i++) {
      for (const peer of world.live().slice(0, 2)) world.broadcast(peer)
      world.advance(1000)
      if (i === 20) world.heal()
    }
    expect(world.trace.inputs).toBeGreaterThan(1000)
    expect(world.trace.hash.digest()).toBe('0ed59a306bb2e4f8')
  })
})
