/**
 * One pair at a time: a tab in each network, and a third in the public one that would relay.
 *
 * @module
 */

import type { Browsers } from './browsers.ts'
import type { Case, Measured, Path } from './kinds.ts'
import { PUBLIC, placesOf } from './place.ts'
import { Probe, type Wire } from './probe.ts'
import { iceServers } from './services.ts'

/** ICE is given up after 10 s, then a peer is asked; lost packets make both longer. */
const PATIENCE = { whole: 25_000, lossy: 45_000 } as const

export async function measure(browsers: Browsers, pair: Case, loss: number): Promise<Measured> {
  const { a, b, turn } = pair
  const [placeA, placeB] = placesOf(a, b)
  const swarm = `${a} ${b} ${turn} ${Date.now()}`
  const opened: Probe[] = []
  const open = async (namespace: string, servers: RTCIceServer[]): Promise<Probe> => {
    const probe = await Probe.open(await browsers.in(namespace), swarm, servers)
    opened.push(probe)
    return probe
  }
  try {
    const relay = await open(PUBLIC.namespace, iceServers('public', turn))
    const left = await open(placeA.namespace, iceServers(a, turn))
    const right = await open(placeB.namespace, iceServers(b, turn))
    await relay.join()
    const patience = loss > 0 ? PATIENCE.lossy : PATIENCE.whole
    const times = await Promise.all([
      left.joinAndMeet(right.id, patience),
      right.joinAndMeet(left.id, patience),
    ]).catch(async error => {
      const [ofLeft, ofRight] = [await left.candidates(), await right.candidates()]
      throw new Error(
        `${messageOf(error)}; candidates: ${a} ${ofLeft.join(' ')}, ${b} ${ofRight.join(' ')}`,
        {
          cause: error,
        },
      )
    })
    return {
      ...pair,
      path: pathBetween(await left.wires(), await right.wires()),
      ms: Math.round(Math.max(...times)),
    }
  } catch (error) {
    return { ...pair, path: null, ms: null, why: messageOf(error) }
  } finally {
    await Promise.allSettled(opened.map(probe => probe.close()))
  }
}

/**
 * The path of a link that is there, by what both of its ends are connected with. No wire between them: a peer carries it. Both are
 * asked for the types: one that got packets from a TURN server before it was told of that candidate calls it peer-reflexive.
 */
export function pathBetween(left: readonly Wire[], right: readonly Wire[]): Path {
  for (const one of left)
    for (const other of right)
      if (one.own === other.other && one.other === other.own)
        return [...one.types, ...other.types].includes('relay') ? 'turn' : 'direct'
  return 'relayed'
}

/** The first line, without the name of what Playwright was doing. */
function messageOf(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return line.replace(/^(\w+\.\w+: )?(Error: )?/, '')
}
