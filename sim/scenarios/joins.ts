/**
 * Everybody joins within a minute, as people do: a Poisson process; or all at one instant.
 * @module
 */
import type { Lab } from '../lab.ts'
import type { Budget, Scenario } from '../scenario.ts'

/** Virtual ms in which all join. */
const RUSH = 60_000
/** After the last join the ring is whole within this, virtual ms. */
const WHOLE = 10_000

function budgets({ maxPeers }: { maxPeers: number }): Budget[] {
  return [
    { field: 'islands', max: 1 },
    { field: 'ringFaults', max: 0 },
    { field: 'wholeMs', max: WHOLE },
    { field: 'maxLinks', max: maxPeers },
    { field: 'delivery', min: 1 },
  ]
}

/** From the last join on: when is the mesh whole, what did joining cost, and does it carry broadcasts? */
function conclude(lab: Lab): void {
  const { world } = lab
  const last = world.now
  world.runUntil(() => lab.noteWhole(last), 60_000, 50)
  lab.settle()
  lab.noteJoins()
  lab.broadcasts('broadcasts', lab.pick(5), 2)
}

export const joins: Scenario = {
  name: 'joins',
  summary: 'all peers join within a minute, as a Poisson process, then five of them broadcast',
  // Who comes to a mesh that is there needs the server for the first link only.
  budgets: options => [
    ...budgets(options),
    ...(options.peers > 20 ? [{ field: 'signaledByMesh', min: 0.95 } as const] : []),
  ],
  run(lab) {
    const { world } = lab
    const { peers } = world.options
    for (let i = 0; i < peers; i++) {
      world.advance(world.choice.exponential() * (RUSH / peers))
      world.join()
    }
    conclude(lab)
  },
}

export const joinsAtOnce: Scenario = {
  name: 'joins-at-once',
  summary: 'all peers join at one instant, then five of them broadcast',
  budgets,
  run(lab) {
    lab.joinAtOnce()
    conclude(lab)
  },
}
