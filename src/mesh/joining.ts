/**
 * Waiting for the mesh to be usable. Several may wait for one join; it is given up when the last of them has.
 * @module
 */
import type { MeshError } from './errors.ts'
import { aborted } from './requests.ts'

export class Joining {
  /** Settles with the join itself. */
  readonly done: Promise<void>
  private resolve: () => void = () => {}
  private reject: (error: MeshError) => void = () => {}
  private waiting = 0
  /** The mesh was usable. */
  succeeded = false

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // Whoever waits with a signal holds another promise: this one's rejection may have no listener.
    this.done.catch(() => {})
  }

  succeed(): void {
    this.succeeded = true
    this.resolve()
  }

  fail(error: MeshError): void {
    this.reject(error)
  }

  /**
   * Waits, until the signal fires.
   *
   * @param abandoned is called when nobody waits any more
   */
  wait(signal: AbortSignal | undefined, abandoned: () => void): Promise<void> {
    this.waiting++
    if (signal === undefined) return this.done
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(aborted(signal))
        this.waiting--
        if (this.waiting === 0) abandoned()
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const settle = (how: () => void): void => {
        signal.removeEventListener('abort', onAbort)
        how()
      }
      this.done.then(
        () => settle(resolve),
        error => settle(() => reject(error)),
      )
    })
  }
}
