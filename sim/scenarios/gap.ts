/**
 * Half the peers die without a word, and among them whole runs of peers that follow each other on the ring, as long as the
 * longest of ten thousand have them. Direct messages go on, half of them to and from the peers at the edges of those gaps.
 * @module
 */
import { directFigures, sendDirects, wholeAgain } from '../directs.ts'
import type { Lab } from '../lab.ts'
import type { Peer } from '../peer.ts'
import { inRingOrder } from '../ring.ts'
import type { Scenario } from '../scenario.ts'

/** Dead peers in a row: half of 10,000 dead, the longest of 5,000 gaps has log₂ 5,000 and one or two more. */
const RUN = 14
/** Gaps of that length at most. */
const GAPS = 4
/** Share of the victims that die in those gaps, at most: the others are drawn at random. */
const IN_GAPS = 0.4
/** A direct message every so many ms, and how many. */
const DIRECT_GAP = 10
const DIRECTS = 1000

interface Fate {
  readonly victims: readonly Peer[]
  /** The survivors next to a gap, those of one gap side by side. */
  readonly edges: readonly (readonly [Peer, Peer])[]
}

/** Gaps spread evenly over the ring, from a place drawn at random; the other victims are drawn between them. */
function drawFate(lab: Lab, share: number): Fate {
  const { world } = lab
  const ring = inRingOrder(world.live())
  const count = Math.floor(ring.length * share)
  const gaps = Math.max(1, Math.min(GAPS, Math.floor((count * IN_GAPS) / RUN)))
  const start = world.choice.below(ring.length)
  const at = (index: number): Peer => ring[index % ring.length] as Peer
  const victims: Peer[] = []
  const edges: [Peer, Peer][] = []
  for (let gap = 0; gap < gaps; gap++) {
    const first = start + Math.floor((gap * ring.length) / gaps)
    for (let i = 1; i <= RUN; i++) victims.push(at(first + i))
    edges.push([at(first), at(first + RUN + 1)])
  }
  const decided = new Set([...victims, ...edges.flat()])
  const others = ring.filter(peer => !decided.has(peer))
  victims.push(...world.choice.sample(others, count - victims.length))
  return { victims, edges }
}

/** Over a gap, or between somebody and one of its edges. */
function drawPair(lab: Lab, edges: Fate['edges']): readonly [Peer, Peer] | undefined {
  const { choice } = lab.world
  const [edge] = choice.sample(edges, 1)
  const [other] = lab.pick(1)
  if (edge === undefined || other === undefined || edge.includes(other)) return edge
  const [before, after] = edge
  return [edge, [other, before] as const, [after, other] as const][choice.below(3)]
}

export const gap: Scenario = {
  name: 'gap',
  summary: `a share of the peers (--kill) dies silently, and in it runs of ${RUN} that follow each other on the ring`,
  defaults: { kill: 0.5, peers: 300 },
  budgets: ({ maxPeers }) => [
    { field: 'islands', max: 1 },
    { field: 'ringFaults', max: 0 },
    { field: 'maxLinks', max: maxPeers },
    { field: 'directSuccess', min: 1 },
    { field: 'wholeMs', max: 5000 },
    { field: 'routingRecoveryMs', max: 5000 },
  ],
  run(lab) {
    const { world } = lab
    lab.joinOneByOne()
    lab.settle()
    const { victims, edges } = drawFate(lab, world.options.kill)
    const killedAt = world.now
    for (const peer of victims) world.kill(peer)
    lab.watchWhole()
    const directs = sendDirects(world, DIRECTS, DIRECT_GAP, turn =>
      turn % 2 === 0 ? undefined : drawPair(lab, edges),
    )
    Object.assign(lab.found, directFigures(directs))
    lab.found.routingRecoveryMs = wholeAgain(directs.sent, killedAt)
    lab.onStep?.('direct messages')
  },
}
