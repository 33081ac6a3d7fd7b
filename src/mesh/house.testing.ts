/**
 * Meshes in one process for tests of how they come together: each with links of one network, and signaling, channels and
 * clocks as the test wants them.
 * @module
 */
import { MemoryNetwork } from '../link/memory.ts'
import { base32, type PeerId } from '../protocol/id.ts'
import { MemorySignaling, MemoryTransport } from '../signaling/memory.ts'
import type { SignalingTransport } from '../signaling/port.ts'
import type { Mesh } from './api.ts'
import type { Message } from './api-messages.ts'
import type { InvitedOptions, MeshOptions } from './api-options.ts'
import { createMeshWith } from './create.ts'
import { MeshError } from './errors.ts'
import type { Platform } from './ports.ts'
import { webRandom } from './random.ts'

/** A peer that is not there. */
export const someone = base32(new Uint8Array(32).fill(7)) as PeerId

/** A transport that is never up: there is no server. */
export const nowhere = (): SignalingTransport => ({ open() {}, send: () => false, sample() {}, close() {} })

export class House {
  readonly network = new MemoryNetwork()
  readonly hub = new MemorySignaling()
  readonly meshes: Mesh[] = []
  /** Milliseconds by which all clocks have been put forward. */
  passed = 0
  readonly timers = new Set<number>()
  private next = 1
  private readonly handles = new Map<number, ReturnType<typeof setTimeout>>()

  platform(more: Partial<Platform> = {}): Platform {
    return {
      links: this.network.factory(),
      random: webRandom(),
      timers: {
        set: (task, milliseconds) => {
          const number = this.next++
          this.timers.add(number)
          const run = (): void => {
            this.timers.delete(number)
            task()
          }
          this.handles.set(number, setTimeout(run, Math.min(milliseconds, 2 ** 31 - 1)))
          return number
        },
        clear: number => {
          clearTimeout(this.handles.get(number))
          this.timers.delete(number)
        },
      },
      clock: () => performance.now() + this.passed,
      wallClock: () => Date.now() + this.passed,
      page: undefined,
      unsupported: undefined,
      ...more,
    }
  }

  /** A mesh of the swarm `test`, at the hub unless told otherwise; joined. */
  async mesh(options: Partial<MeshOptions> = {}, platform: Partial<Platform> = {}): Promise<Mesh> {
    const mesh = await this.idle(options, platform)
    await mesh.join()
    return mesh
  }

  async idle(options: Partial<MeshOptions> = {}, platform: Partial<Platform> = {}): Promise<Mesh> {
    const transport = new MemoryTransport(this.hub)
    const given = { transport, swarm: 'test', identity: 'ephemeral', ...options } as const
    return this.keep(await createMeshWith(given, this.platform(platform)))
  }

  /** A mesh that is alone and knows of no server. */
  async hermit(options: Partial<MeshOptions> = {}, platform: Partial<Platform> = {}): Promise<Mesh> {
    const mesh = await this.idle({ transport: nowhere(), ...options }, platform)
    mesh.join().catch(() => {})
    return mesh
  }

  /** A mesh with an invite; not joined. */
  async guest(
    invite: string,
    options: Partial<InvitedOptions> = {},
    platform: Partial<Platform> = {},
  ): Promise<Mesh> {
    return this.keep(
      await createMeshWith({ identity: 'ephemeral', ...options, invite }, this.platform(platform)),
    )
  }

  /** `count` meshes that have joined, one after another. */
  async joined(count: number, options: Partial<MeshOptions> = {}): Promise<Mesh[]> {
    const meshes: Mesh[] = []
    for (let i = 0; i < count; i++) meshes.push(await this.mesh(options))
    // A link is up on one side a moment before the other.
    if (count > 1) await Promise.all(meshes.map(mesh => until(mesh, () => mesh.neighbours.length > 0)))
    return meshes
  }

  async close(): Promise<void> {
    await Promise.all(this.meshes.map(mesh => mesh.leave()))
  }

  private keep(mesh: Mesh): Mesh {
    this.meshes.push(mesh)
    return mesh
  }
}

/** Resolves when `condition` holds, looked at whenever a link of `mesh` comes or goes. */
export function until(mesh: Mesh, condition: () => boolean): Promise<void> {
  return new Promise(resolve => {
    const look = (): void => {
      if (!condition()) return
      for (const off of offs) off()
      resolve()
    }
    const offs = [mesh.on('peer:connect', look), mesh.on('peer:disconnect', look), mesh.on('state', look)]
    look()
  })
}

export function nextMessage(mesh: Mesh): Promise<Message> {
  return new Promise(resolve => mesh.once('message', resolve))
}

/** What a call fails with, which it must. */
export async function failure(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error instanceof Error) return error
  throw new Error('it did not fail')
}

/** The code of the MeshError that a call ends with, or what else became of it. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    value => `resolved: ${value}`,
    (error: unknown) => (error instanceof MeshError ? error.code : String(error)),
  )
}
