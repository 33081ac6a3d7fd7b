import { describe, expect, it } from 'vitest'
import { base32, type PeerId, type ServerMessage } from '../src/signaling/message.ts'
import { type Member, type Outlet, Swarms } from './swarms.ts'

const SWARM = 'a'.repeat(52)
const GRACE = 100
const idOf = (n: number) => base32(new Uint8Array(32).fill(n)) as PeerId

/** Keeps what it is told. */
class Inbox implements Outlet {
  readonly told: ServerMessage[] = []
  replacements = 0
  tell(message: ServerMessage): void {
    this.told.push(message)
  }
  replaced(): void {
    this.replacements++
  }
}

function join(swarms: Swarms, n: number, now: number, resume = false): Member & { readonly outlet: Inbox } {
  const outlet = new Inbox()
  const joined = swarms.join({ id: idOf(n), swarm: SWARM, record: '', resume }, outlet, now)
  if (!joined.ok) throw new Error(joined.code)
  return Object.assign(joined.member, { outlet })
}

describe('Swarms', () => {
  it('a silent member is in no sample, gets its envelopes, and a sample of its own within the limit', () => {
    const swarms = new Swarms(GRACE, Infinity)
    const others = [1, 2, 3].map(n => join(swarms, n, 0))
    const outlet = new Inbox()
    const silent = swarms.join(
      { id: idOf(4), swarm: SWARM, record: '', resume: false, silent: true },
      outlet,
      0,
    )
    if (!silent.ok) throw new Error(silent.code)
    const first = others[0] as Member
    expect(swarms.sample(first, 16)).toHaveLength(2)
    expect(swarms.sample(silent.member, 16)).toHaveLength(3)
    expect(swarms.sample(silent.member, 2)).toHaveLength(2)
    expect(swarms.deliver(first, idOf(4), 'x')).toBe(true)
    expect(outlet.told).toEqual([{ type: 'envelope', to: idOf(4), data: 'x' }])
    swarms.leave(silent.member, true, 1)
    expect(swarms.members).toBe(3)
  })

  it('the end of a connection that was replaced changes nothing', () => {
    const swarms = new Swarms(GRACE, Infinity)
    const friend = join(swarms, 1, 0)
    const former = join(swarms, 2, 0)
    swarms.deliver(former, friend.id, '')
    const present = join(swarms, 2, 1, true)
    swarms.leave(former, false, 2)
    expect(former.outlet.replacements).toBe(1)
    expect(swarms.sample(friend, 16)).toEqual([present])
    expect(friend.outlet.told.filter(({ type }) => type === 'left')).toEqual([])
  })

  it('a loss after the grace, or after another exchange, is told again', () => {
    const swarms = new Swarms(GRACE, Infinity)
    const friend = join(swarms, 1, 0)
    const lefts = () => friend.outlet.told.filter(({ type }) => type === 'left').length
    const first = join(swarms, 2, 0)
    swarms.deliver(friend, first.id, '')
    swarms.leave(first, false, 10)
    const second = join(swarms, 2, 20, true)
    swarms.leave(second, false, 30)
    expect(lefts()).toBe(1)
    const third = join(swarms, 2, 40, true)
    swarms.deliver(third, friend.id, '')
    swarms.leave(third, false, 50)
    expect(lefts()).toBe(2)
    const fourth = join(swarms, 2, 60, true)
    swarms.leave(fourth, true, 50 + GRACE)
    expect(lefts()).toBe(3)
  })

  it('a resume after the grace remembers nobody', () => {
    const swarms = new Swarms(GRACE, Infinity)
    const friend = join(swarms, 1, 0)
    const lost = join(swarms, 2, 0)
    swarms.deliver(lost, friend.id, '')
    swarms.leave(lost, false, 0)
    expect(join(swarms, 2, GRACE, true).correspondents.size).toBe(0)
  })

  it('forgets empty swarms: at once after a clean leave, when swept after a loss', () => {
    const swarms = new Swarms(GRACE, Infinity)
    swarms.leave(join(swarms, 1, 0), true, 0)
    expect(swarms.size).toBe(0)
    swarms.leave(join(swarms, 1, 0), false, 0)
    swarms.sweep(GRACE - 1)
    expect(swarms.size).toBe(1)
    swarms.sweep(GRACE)
    expect(swarms.size).toBe(0)
  })

  it('a refused join leaves no trace', () => {
    const swarms = new Swarms(GRACE, 1)
    join(swarms, 1, 0)
    expect(() => join(swarms, 2, 0)).toThrow('swarm-full')
    expect(swarms.members).toBe(1)
  })
})
