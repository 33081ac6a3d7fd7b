/**
 * The application's side of a mesh: who listens, what they are told, and what becomes of what they throw.
 * @module
 */
import type { MeshEvents } from './api-events.ts'
import type { Logger } from './api-options.ts'
import { Emitter } from './events.ts'
import { Inbox } from './inbox.ts'
import { Subscriptions } from './subscriptions.ts'
import { Warnings } from './warnings.ts'

const EVENTS = Object.keys({
  'peer:connect': 0,
  'peer:disconnect': 0,
  'peer:timeout': 0,
  'peer:topics': 0,
  'invite:reply': 0,
  discover: 0,
  message: 0,
  state: 0,
  peers: 0,
  warning: 0,
} satisfies Record<keyof MeshEvents, 0>) as (keyof MeshEvents)[]

export class Listeners {
  readonly emitter: Emitter<MeshEvents>
  readonly subscriptions: Subscriptions
  readonly inbox: Inbox
  /** Of what works less well than it could. */
  readonly warnings: Warnings
  private readonly logger: Logger

  constructor(logger: Logger) {
    this.logger = logger
    this.emitter = new Emitter(
      EVENTS,
      (error, event) => this.thrown(error, `a listener for '${event}'`),
      event => {
        if (event === 'warning') this.warnings.listened()
      },
    )
    this.subscriptions = new Subscriptions((error, topic) => this.thrown(error, `a subscriber of '${topic}'`))
    this.inbox = new Inbox(this.emitter, this.subscriptions, logger)
    this.warnings = new Warnings(
      logger,
      () => this.emitter.has('warning'),
      warning => this.emitter.emit('warning', warning),
    )
  }

  /** What a listener throws is the page's error, shown as any uncaught one, and nobody else's trouble. */
  thrown(error: unknown, where: string): void {
    this.logger.error(`${where} threw`, error)
    if (typeof reportError === 'function') reportError(error)
    else
      queueMicrotask(() => {
        throw error
      })
  }
}
