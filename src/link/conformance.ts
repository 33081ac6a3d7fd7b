/**
 * The conformance suite of the Link port: every adapter runs every case, memory in Node and simple-peer in a
 * real browser. It knows no test framework: a case is a function that rejects when the adapter is wrong.
 * @module
 */
import { CarriedLink, dial, opened } from './conformance-dial.ts'
import { HIGH_WATER, type LinkFactory, MAX_PACKET } from './port.ts'

/** What an adapter brings to be tested. */
export interface Subject {
  /** A factory; two of them stand for two tabs that can reach each other. `connectTimeout` in ms. */
  factory(connectTimeout?: number): LinkFactory
  /** Connections that are not closed, of all factories. */
  openConnections(): number
}

export interface ConformanceCase {
  readonly name: string
  run(subject: Subject): Promise<void>
}

/** `closed` must arrive this soon, ms: it takes a round trip, and a loaded machine; ICE would notice after 5 s. */
const QUICKLY = 2_000

export const linkConformance: readonly ConformanceCase[] = [
  {
    name: 'opens with the same binding on both sides, another for each pair',
    async run(subject) {
      const bindings = new Set<string>()
      for (let i = 0; i < 3; i++) {
        const { a, b } = await opened(subject)
        const [left, right] = [await a.open, await b.open]
        expect(left.length === 64, `binding of ${left.length} bytes`)
        expect(same(left, right), 'the two sides see different bindings')
        expect(!same(left.subarray(0, 32), left.subarray(32)), 'both ends have one fingerprint')
        bindings.add(left.join())
        a.link.close()
        b.link.close()
      }
      expect(bindings.size === 3, 'two pairs share a binding')
    },
  },
  {
    name: 'carries packets of 1 to 16,384 bytes whole and in order, both ways',
    async run(subject) {
      const { a, b } = await opened(subject)
      const sizes = [1, 2, 127, 128, 1199, 1200, 8191, MAX_PACKET - 1, MAX_PACKET, 1, 4096]
      const packets = sizes.map((size, n) => pattern(size, n))
      for (const packet of packets) {
        a.link.send(packet)
        b.link.send(packet)
      }
      for (const side of [a, b]) {
        const got = await side.received(packets.length)
        for (const [i, packet] of packets.entries()) {
          const bytes = got[i]
          expect(bytes?.constructor === Uint8Array, 'a packet is not a plain Uint8Array')
          expect(
            bytes !== undefined && same(bytes, packet),
            `packet ${i} of ${packet.length} bytes arrived bent`,
          )
        }
      }
      finish(a, b)
    },
  },
  {
    name: 'sends a view of a larger buffer as that view, and what it was at the call',
    async run(subject) {
      const { a, b } = await opened(subject)
      const large = pattern(1000, 3)
      const part = large.subarray(100, 200)
      const was = part.slice()
      a.link.send(part)
      large.fill(0)
      const [got] = await b.received(1)
      expect(got !== undefined && same(got, was), 'the packet is not the view that was sent')
      finish(a, b)
    },
  },
  {
    name: 'refuses a packet that is empty or too large with a RangeError',
    async run(subject) {
      const { a, b } = await opened(subject)
      for (const size of [0, MAX_PACKET + 1]) {
        expect(
          thrown(() => a.link.send(new Uint8Array(size))) instanceof RangeError,
          `${size} bytes were taken`,
        )
      }
      a.link.send(Uint8Array.of(9))
      expect(same((await b.received(1))[0] ?? new Uint8Array(), Uint8Array.of(9)), 'the link is disturbed')
      finish(a, b)
    },
  },
  {
    name: 'holds a sender back: 32 MiB arrive whole, with a bounded buffer',
    async run(subject) {
      const { a, b } = await opened(subject)
      const total = 2048
      const packet = new Uint8Array(MAX_PACKET)
      let highest = 0
      let waits = 0
      for (let n = 0; n < total; n++) {
        new DataView(packet.buffer).setUint32(0, n)
        const room = a.link.send(packet)
        // Not by `bufferedAmount`, which lags behind where another thread sends.
        highest = Math.max(highest, (n + 1 - b.packets.length) * MAX_PACKET)
        if (room) continue
        waits++
        await a.drained()
      }
      const got = await b.received(total)
      expect(waits > 0, 'send never returned false')
      expect(highest <= 2 * HIGH_WATER, `${highest} bytes were on their way`)
      expect(
        got.every((bytes, n) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === n),
        'out of order',
      )
      finish(a, b)
    },
  },
  {
    name: 'tells the other side of a close quickly, as `closed`, after all packets; this side nothing',
    async run(subject) {
      const { a, b } = await opened(subject)
      for (let n = 0; n < 40; n++) a.link.send(pattern(MAX_PACKET, n))
      a.link.close()
      a.link.close()
      expect(a.link.send(Uint8Array.of(1)) === false, 'send after close')
      const reason = await within(QUICKLY, b.closed, 'the other side was not told')
      expect(reason === 'closed', `told as ${reason}`)
      expect(b.packets.length === 40, `${b.packets.length} of 40 packets arrived before the end`)
      expect(a.reason === undefined, 'the closing side was told of its own close')
      expect(b.link.send(Uint8Array.of(1)) === false, 'send on a link that ended')
    },
  },
  {
    name: 'can be closed before it opens, on either side',
    async run(subject) {
      for (const closing of ['a', 'b'] as const) {
        const pair = dial(subject.factory(500), subject.factory(500))
        await pair.a.signalled
        const other = closing === 'a' ? pair.b : pair.a
        pair[closing].link.close()
        expect(pair[closing].link.send(Uint8Array.of(1)) === false, 'send on a link that never opened')
        await within(5_000, other.closed, 'the other side waits for ever')
        expect(pair[closing].reason === undefined && !pair[closing].isOpen, 'told after close')
        other.link.close()
      }
    },
  },
  {
    name: 'ignores signals after its end',
    async run(subject) {
      const signals: string[] = []
      const { a, b } = await opened(subject, (data, deliver) => {
        signals.push(data)
        deliver(data)
      })
      a.link.close()
      await within(QUICKLY, b.closed, 'the other side was not told')
      for (const link of [a.link, b.link]) {
        for (const data of [...signals, 'garbage'])
          expect(thrown(() => link.signal(data)) === undefined, 'it threw')
      }
      expect(a.reason === undefined, 'told after close')
    },
  },
  {
    name: 'ends as `failed` on a signal that makes no sense, without an exception',
    async run(subject) {
      const garbage = [
        '',
        'no JSON',
        'null',
        '[]',
        '7',
        '{}',
        '{"type":"offer"}',
        '{"type":"offer","sdp":7}',
        '{"type":"offer","sdp":"v=0"}',
        '{"type":"answer","sdp":"m=application 9 UDP/DTLS/SCTP webrtc-datachannel"}',
        '{"type":"offer","sdp":"m=application 9 UDP/DTLS/SCTP webrtc-datachannel"}',
        '{"type":"candidate","candidate":{}}',
        '{"type":"candidate","candidate":{"candidate":"x"}}',
        '{"type":"renegotiate","renegotiate":true}',
        '{"type":"transceiverRequest","transceiverRequest":{"kind":"video"}}',
        `"${'x'.repeat(100_000)}"`,
      ]
      for (const initiator of [true, false]) {
        for (const data of garbage) {
          const end = new CarriedLink(subject.factory(), initiator)
          if (initiator) await end.signalled
          let inside = true
          end.closed.then(() => expect(!inside, 'told inside the call'))
          expect(thrown(() => end.link.signal(data)) === undefined, `threw on ${data.slice(0, 80)}`)
          expect(end.reason === undefined, 'told inside the call')
          inside = false
          const reason = await within(5_000, end.closed, `took ${data.slice(0, 80)}`)
          expect(reason === 'failed', `ended as ${reason} on ${data.slice(0, 80)}`)
        }
      }
    },
  },
  {
    name: 'never opens between two initiators, nor between two responders',
    async run(subject) {
      for (const initiator of [true, false]) {
        const pair = dial(subject.factory(300), subject.factory(300), undefined, [initiator, initiator])
        const reasons = await within(5_000, Promise.all([pair.a.closed, pair.b.closed]), 'they wait for ever')
        expect(!pair.a.isOpen && !pair.b.isOpen, 'opened')
        // Of two initiators, one may end before its own offer has gone out: then the other waits in vain.
        const wanted = initiator ? ['failed', 'timeout'] : ['timeout']
        expect(
          reasons.every(reason => wanted.includes(reason)),
          `ended as ${reasons.join()}`,
        )
      }
    },
  },
  {
    name: 'ends as `timeout` when the other side never answers',
    async run(subject) {
      const end = new CarriedLink(subject.factory(200), true)
      expect((await within(5_000, end.closed, 'it waits for ever')) === 'timeout', `ended as ${end.reason}`)
    },
  },
  {
    name: 'given patience, needs one signal each way and outwaits the usual time for the answer',
    async run(subject) {
      const usual = 1000
      const patient: LinkFactory = {
        open: (initiator, events) => subject.factory(usual).open(initiator, events, 20_000),
      }
      let signals = 0
      const { a, b } = await opened({ factory: () => patient }, (data, deliver) => {
        signals++
        setTimeout(() => deliver(data), 1.5 * usual)
      })
      expect(signals === 2, `${signals} signals were made`)
      expect(same(await a.open, await b.open), 'the two sides see different bindings')
      a.link.send(Uint8Array.of(5))
      await b.received(1)
      a.link.close()
      expect((await within(QUICKLY, b.closed, 'it was not told')) === 'closed', 'it was told something else')
      finish(b)
    },
  },
  {
    name: 'ends as `failed` on a second description, which could change the fingerprint',
    async run(subject) {
      const answers: string[] = []
      const { a, b } = await opened(subject, (data, deliver) => {
        if (data.includes('"answer"')) answers.push(data)
        deliver(data)
      })
      a.link.signal(answers[0] ?? '')
      expect((await within(QUICKLY, a.closed, 'it took another answer')) === 'failed', `ended as ${a.reason}`)
      b.link.close()
    },
  },
  {
    name: 'shows a man in the middle by unequal bindings',
    async run(subject) {
      const outer = await opened(subject)
      const inner = await opened(subject)
      outer.b.onPacket = packet => inner.a.link.send(packet)
      inner.b.link.send(Uint8Array.of(0))
      await inner.a.received(1)
      outer.a.link.send(Uint8Array.of(1, 2, 3))
      const [got] = await inner.b.received(1)
      expect(got !== undefined && same(got, Uint8Array.of(1, 2, 3)), 'the relay does not relay')
      expect(!same(await outer.a.open, await inner.b.open), 'the ends see one binding through a relay')
      finish(outer.a, outer.b)
      finish(inner.a, inner.b)
    },
  },
  {
    name: 'tells how packets travel',
    async run(subject) {
      const { a, b } = await opened(subject)
      const path = await a.link.path()
      expect(path.kind === 'direct', `path of kind ${path.kind}`)
      expect(path.local !== '' && path.remote !== '', 'candidate types are missing')
      finish(a, b)
      expect((await a.link.path()).kind === 'unknown', 'a closed link has a path')
    },
  },
  {
    name: 'leaves no connection behind after 60 cycles of open and close',
    async run(subject) {
      const factories = [subject.factory(), subject.factory()] as const
      let unopened = 0
      for (let i = 0; i < 60; i++) {
        const { a, b } = dial(...factories)
        const tried = within(10_000, Promise.all([a.open, b.open]), `cycle ${i} did not open`)
        if (!(await tried.then(() => true).catch(() => false))) {
          // ICE may miss its moment on a busy machine; what counts here is that a failed dial leaves nothing either.
          finish(a, b)
          unopened++
          expect(unopened <= 3, `${unopened} of ${i + 1} did not open`)
          continue
        }
        const [first, second] = i % 2 ? [a, b] : [b, a]
        first.link.close()
        await within(QUICKLY, second.closed, `cycle ${i} was not told`)
      }
      await eventually(
        5_000,
        () => subject.openConnections() === 0,
        () => `${subject.openConnections()} are left`,
      )
    },
  },
]

function finish(...ends: CarriedLink[]): void {
  for (const end of ends) end.link.close()
}

function expect(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise)
}

function thrown(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function pattern(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed * 7 + (i >> 8)) & 0xff)
}

async function within<T>(ms: number, work: Promise<T>, otherwise: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${otherwise} (${ms} ms)`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

async function eventually(ms: number, condition: () => boolean, otherwise: () => string): Promise<void> {
  for (const end = performance.now() + ms; !condition(); ) {
    expect(performance.now() < end, otherwise())
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
