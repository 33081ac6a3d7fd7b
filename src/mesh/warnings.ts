/**
 * Warnings on their way to the application. What createMesh has to say comes before anybody can listen, so the
 * first of them are kept for the first listener.
 * @module
 */
import type { MeshWarning } from './api-events.ts'
import type { Logger } from './api-options.ts'

/** Warnings kept: every kind there is, and some. */
const KEPT = 16

export class Warnings {
  private readonly logger: Logger
  private readonly heard: () => boolean
  private readonly emit: (warning: MeshWarning) => void
  private readonly kept: MeshWarning[] = []

  /** @param heard whether anybody listens */
  constructor(logger: Logger, heard: () => boolean, emit: (warning: MeshWarning) => void) {
    this.logger = logger
    this.heard = heard
    this.emit = emit
  }

  tell(warning: MeshWarning): void {
    const { code, message, cause } = warning
    this.logger.warn(`${code}: ${message}`, ...(cause === undefined ? [] : [cause]))
    if (this.heard()) this.emit(warning)
    else if (this.kept.length < KEPT) this.kept.push(warning)
  }

  /** Somebody listens now. Told later, so that `on` has returned its `off` by then. */
  listened(): void {
    if (this.kept.length === 0) return
    queueMicrotask(() => {
      for (const warning of this.kept.splice(0)) this.emit(warning)
    })
  }
}
