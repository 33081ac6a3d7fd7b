/**
 * Looks at the mesh for all views at once: after every event, and twice a second while the page is visible,
 * because round trips and byte counts have no events.
 * @module
 */
import type { Mesh, MeshStats } from 'tabmesh'

/** Fast enough to look alive, slow enough to read a number. */
const PERIOD = 500

type Look = (stats: MeshStats) => void

export class Observer {
  private readonly looks: Look[] = []
  private readonly mesh: Mesh
  private due = false

  constructor(mesh: Mesh) {
    this.mesh = mesh
    for (const event of ['state', 'peers', 'peer:connect', 'peer:disconnect', 'message'] as const) {
      mesh.on(event, () => this.soon())
    }
    setInterval(() => {
      if (!document.hidden) this.look()
    }, PERIOD)
    document.addEventListener('visibilitychange', () => this.soon())
  }

  onLook(look: Look): void {
    this.looks.push(look)
  }

  /** Looks once the current burst of events is over. */
  soon(): void {
    if (this.due) return
    this.due = true
    queueMicrotask(() => {
      this.due = false
      this.look()
    })
  }

  private look(): void {
    const stats = this.mesh.stats()
    for (const look of this.looks) look(stats)
  }
}
