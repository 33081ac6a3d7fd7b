/**
 * Why can't we connect: what `diagnose()` says in networks whose trouble is known, with a real TURN server to ask.
 *
 * Every tab of the list diagnoses its network before it joins; two that are linked by TURN, and two that a peer relays for, diagnose
 * their link.
 *
 * @module
 */

// Types come from the sources; what runs is dist/.
import type { Diagnosis, Verdict } from '../src/index.ts'
import type { Browsers } from './browsers.ts'
import type { Kind } from './kinds.ts'
import { PUBLIC, placesOf } from './place.ts'
import { Probe } from './probe.ts'
import { type Given, serversGiven } from './services.ts'

/** A network and what its tab is given to ask. */
export interface Trouble {
  readonly kind: Kind
  readonly given: Given
  readonly verdict: Verdict
  /** Types of candidates, sorted. */
  readonly candidates: readonly string[]
  /** Whether the servers answer: all STUN servers do or none, and one TURN server where one is given. */
  readonly stun: boolean
  readonly turn?: boolean
  /** A word that the remedy has. */
  readonly remedy: string
  /** Of a tab that is linked to another: the candidate types, own and other, as far as they are certain. */
  readonly pair?: readonly [local: string | undefined, remote: string | undefined]
  /** Of a tab that is linked to another: a peer carries the link. */
  readonly relayed?: boolean
}

const NOTHING = 'Nothing is in the way'

/** Before it joins. */
export const TROUBLES: readonly Trouble[] = [
  {
    kind: 'home',
    given: 'stun',
    verdict: 'ok',
    candidates: ['host', 'srflx'],
    stun: true,
    remedy: NOTHING,
  },
  {
    kind: 'home',
    given: 'udp',
    verdict: 'ok',
    candidates: ['host', 'relay', 'srflx'],
    stun: true,
    turn: true,
    remedy: NOTHING,
  },
  {
    kind: 'home',
    given: 'wrong password',
    verdict: 'turn-refused',
    candidates: ['host', 'srflx'],
    stun: true,
    turn: false,
    remedy: 'credential',
  },
  {
    kind: 'symmetric',
    given: 'stun',
    verdict: 'symmetric-nat',
    candidates: ['host', 'srflx'],
    stun: true,
    remedy: 'need a TURN server',
  },
  {
    kind: 'blocked',
    given: 'stun',
    verdict: 'udp-blocked',
    candidates: ['host'],
    stun: false,
    remedy: 'transport=tcp',
  },
  {
    kind: 'blocked',
    given: 'tcp',
    verdict: 'ok',
    candidates: ['host', 'relay'],
    stun: false,
    turn: true,
    remedy: NOTHING,
  },
]

const BARRED: Trouble = {
  ...(TROUBLES[3] as Trouble),
  verdict: 'needs-turn',
  remedy: 'add a TURN server',
  relayed: true,
}

/** Two that are linked, each asked about the other. Which types a peer is seen with depends on whose check comes first. */
export const LINKED: readonly (readonly [Trouble, Trouble])[] = [
  [
    { ...(TROUBLES[1] as Trouble), pair: [undefined, undefined] },
    { ...(TROUBLES[5] as Trouble), pair: ['relay', undefined] },
  ],
  [BARRED, BARRED],
]

/** What a tab was told, and what of it is wrong. */
export interface Diagnosed {
  readonly kind: Kind
  readonly given: Given
  /** The network of the peer that was asked about; `null` where it was none. */
  readonly peer: Kind | null
  readonly verdict: Verdict | null
  readonly remedy: string
  readonly candidates: readonly string[]
  readonly stun: readonly boolean[]
  readonly turn: readonly boolean[]
  /** Candidate types of the pair in use; `null` without a link. */
  readonly pair: readonly [local: string, remote: string] | null
  /** It is linked to the peer, which another peer relays. */
  readonly relayed: boolean
  /** In words; empty where all is as it should be. */
  readonly faults: readonly string[]
}

/** How long the two that are to be linked have for it, ms. */
const PATIENCE = 45_000

export async function diagnoses(browsers: Browsers): Promise<Diagnosed[]> {
  const opened: Probe[] = []
  const open = async (namespace: string, given: Given, swarm = 'alone'): Promise<Probe> => {
    const probe = await Probe.open(await browsers.in(namespace), swarm, serversGiven(given))
    opened.push(probe)
    return probe
  }
  try {
    const alone: [Probe, Trouble][] = []
    for (const trouble of TROUBLES) {
      const [place] = placesOf(trouble.kind, trouble.kind)
      alone.push([await open(place.namespace, trouble.given), trouble])
    }
    const pairs: [Probe, Probe][] = []
    for (const [left, right] of LINKED) {
      const places = placesOf(left.kind, right.kind)
      const swarm = `${left.kind} ${right.kind} ${Date.now()}`
      // Who would relay.
      await (await open(PUBLIC.namespace, 'stun', swarm)).join()
      pairs.push([
        await open(places[0].namespace, left.given, swarm),
        await open(places[1].namespace, right.given, swarm),
      ])
    }
    // Most of their time is waiting, so all are asked side by side.
    const told = await Promise.all([
      ...alone.map(async ([probe, trouble]) => [await ask(probe, trouble)]),
      ...LINKED.map((troubles, i) => askLinked(pairs[i] as [Probe, Probe], troubles)),
    ])
    return told.flat()
  } finally {
    await Promise.allSettled(opened.map(probe => probe.close()))
  }
}

async function askLinked(
  [one, other]: readonly [Probe, Probe],
  [left, right]: readonly [Trouble, Trouble],
): Promise<Diagnosed[]> {
  await Promise.all([one.joinAndMeet(other.id, PATIENCE), other.joinAndMeet(one.id, PATIENCE)])
  return Promise.all([ask(one, left, right.kind, other.id), ask(other, right, left.kind, one.id)])
}

async function ask(
  probe: Probe,
  trouble: Trouble,
  kind: Kind | null = null,
  peer?: string,
): Promise<Diagnosed> {
  return judged(trouble, kind, await probe.diagnose(peer))
}

/** What was said, with what of it is not as it should be. */
export function judged(trouble: Trouble, peer: Kind | null, diagnosis: Diagnosis): Diagnosed {
  const { kind, given } = trouble
  const { verdict, remedy, candidates, peer: about } = diagnosis
  const stun = diagnosis.stun.map(({ ok }) => ok)
  const turn = diagnosis.turn.map(({ ok }) => ok)
  const { linked = false, relayed = false } = about ?? {}
  const pair = about?.linked && !relayed ? ([about.local, about.remote] as const) : null
  const faults: string[] = []
  const expect = (what: string, is: unknown, wanted: unknown): void => {
    if (JSON.stringify(is) !== JSON.stringify(wanted))
      faults.push(`${what} ${JSON.stringify(is)} instead of ${JSON.stringify(wanted)}`)
  }
  expect('verdict', verdict, trouble.verdict)
  expect('candidates', candidates, trouble.candidates)
  expect('stun', stun, [trouble.stun, trouble.stun])
  expect('turn', turn, trouble.turn === undefined ? [] : [trouble.turn])
  expect('webrtc', diagnosis.webrtc, true)
  expect(
    'signaling',
    diagnosis.signaling.map(({ ok }) => ok),
    [true],
  )
  if (!remedy.includes(trouble.remedy)) faults.push(`remedy without "${trouble.remedy}": ${remedy}`)
  expect('linked', linked, trouble.pair !== undefined || trouble.relayed === true)
  expect('relayed', relayed, trouble.relayed === true)
  for (const [i, wanted] of trouble.pair?.entries() ?? []) {
    const type = pair?.[i]
    if (wanted === undefined ? !type : type !== wanted)
      faults.push(`${i === 0 ? 'own' : 'other'} candidate ${type} instead of ${wanted ?? 'any type'}`)
  }
  return { kind, given, peer, verdict, remedy, candidates, stun, turn, pair, relayed, faults }
}
