/**
 * The places of the lab and their addresses: one public network, and other networks that reach it through a router.
 *
 * @module
 */

import { KINDS, type Kind } from './kinds.ts'

/** Every namespace of the lab begins with it. */
export const PREFIX = 'tabmesh-lab-'
/** The public network (RFC 5737: for documentation): signaling, TURN and the tab that would relay are on its first address. */
export const PUBLIC = { namespace: `${PREFIX}internet`, address: '203.0.113.1', bridge: 'internet' } as const

/** A network of one host. */
export interface Place {
  readonly name: string
  readonly kind: Kind
  /** Where its host is. */
  readonly namespace: string
  /** Where its router is; `undefined` for a host of the public network. */
  readonly router: string | undefined
  /** The address it has in the public network. */
  readonly outside: string
  /** The first three bytes of the addresses behind its router. */
  readonly inside: string
}

/** Two of each kind: a pair of one kind is behind two different routers. */
export const PLACES: readonly Place[] = KINDS.flatMap((kind, i) =>
  [1, 2].map(number => {
    const name = `${kind}-${number}`
    const host = 10 * (i + 1) + number
    return {
      name,
      kind,
      namespace: PREFIX + name,
      router: kind === 'public' ? undefined : `${PREFIX + name}-router`,
      outside: `203.0.113.${host}`,
      inside: `192.168.${host}`,
    }
  }),
)

/** The two places of a pair. */
export function placesOf(a: Kind, b: Kind): [Place, Place] {
  return [placeOf(a, 1), placeOf(b, a === b ? 2 : 1)]
}

function placeOf(kind: Kind, number: number): Place {
  const place = PLACES.find(place => place.name === `${kind}-${number}`)
  if (place === undefined) throw new Error(`no place ${kind}-${number}`)
  return place
}
