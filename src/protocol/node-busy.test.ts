import { describe, expect, it } from 'vitest'
import { type Tab, World } from './node.testing.ts'

/** A browser's link tells that some of what was sent was taken this often, ms: 32 KiB on a line of half a Mbit/s. */
const TAKES = 500
/** Nothing is taken from then on, ms. */
const LAST_TAKE = 40_000
/** Silence that ends a link, ms, and a probe's time. */
const DEAD_AFTER = 7000

/**
 * Two neighbours, one of whom is at a long message of the other's: what it says comes after that, so nothing of it is heard.
 * A third peer offers another way.
 */
function busy(takes: boolean): { world: World; a: Tab; b: Tab } {
  const world = new World(5)
  const [a, b] = world.swarm(3) as [Tab, Tab, Tab]
  world.cuts.add(`${b.id}>${a.id}`)
  const link = a.linkTo(b)
  const take = (): void => {
    if (takes && world.now < LAST_TAKE) a.input({ kind: 'link-taken', link })
    world.after(TAKES, take)
  }
  world.after(TAKES, take)
  a.log.length = 0
  return { world, a, b }
}

describe('a neighbour that goes on taking what was sent', () => {
  it('is neither suspect nor dead, though it says nothing', () => {
    const { world, a, b } = busy(true)
    for (let n = 0; n < 200; n++) {
      world.run(100)
      expect(a.node.links().find(({ peer }) => peer === b.id)?.suspect).toBe(false)
    }
    expect(a.seen('peer-disconnect')).toEqual([])
  })

  it('is dead once it takes nothing more, as soon as any other and two seconds', () => {
    const { world, a, b } = busy(true)
    world.run(LAST_TAKE - world.now)
    expect(a.seen('peer-disconnect')).toEqual([])
    world.until(() => a.seen('peer-disconnect').some(({ peer }) => peer === b.id), DEAD_AFTER + 2000)
  })

  it('is dead in time where it takes nothing', () => {
    const { world, a, b } = busy(false)
    expect(a.seen('peer-disconnect')).toEqual([])
    world.until(() => a.seen('peer-disconnect').some(({ peer }) => peer === b.id), DEAD_AFTER)
  })

  it('is sent a message once, by one way; one that takes nothing is reminded', () => {
    for (const takes of [true, false]) {
      const { world, a, b } = busy(takes)
      a.send(b, 'x'.repeat(100_000), 60_000)
      world.run(20_000)
      const sent = a.seen('send').filter(({ frame }) => frame.length > 100_000).length
      if (takes) expect(sent).toBe(1)
      else expect(sent).toBeGreaterThan(1)
    }
  })
})
