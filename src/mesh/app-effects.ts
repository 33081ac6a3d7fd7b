/**
 * Plays the effects that are the application's: tells whoever waits for them or listens.
 * @module
 */
import type { PeerId } from '../protocol/id.ts'
import type { Logger, MeshOptions } from './api-options.ts'
import type { AppEffect } from './driver.ts'
import type { Membership } from './membership.ts'
import type { Parts } from './parts.ts'

export class AppEffects {
  private readonly parts: Parts
  private readonly membership: Membership
  private readonly accept: MeshOptions['accept']
  private readonly logger: Logger

  constructor(parts: Parts, membership: Membership, accept: MeshOptions['accept'], logger: Logger) {
    this.parts = parts
    this.membership = membership
    this.accept = accept
    this.logger = logger
  }

  play(effect: AppEffect): void {
    const { logger, membership } = this
    const { node, driver, listeners, sending, remembering, invites } = this.parts
    const { emitter } = listeners
    switch (effect.kind) {
      case 'deliver':
        listeners.inbox.deliver(effect)
        break
      case 'receipt':
        sending.tell(effect.request, effect.count)
        break
      case 'past':
        sending.tell(effect.request, effect.messages)
        break
      case 'settle':
        sending.settle(effect.request, effect.outcome)
        break
      case 'peer-connect':
        sending.linkUp(effect.peer, effect.link)
        driver.links.greet(effect.link)
        remembering?.met(effect.peer, node.recordOf(effect.peer))
        logger.debug('peer connected', effect.peer)
        invites.connected(effect.peer)
        emitter.emit('peer:connect', effect.peer)
        break
      case 'link-replaced':
        sending.linkUp(effect.peer, effect.link)
        driver.links.greet(effect.link)
        logger.debug('link replaced', effect.peer)
        break
      case 'peer-disconnect':
        sending.linkDown(effect.peer, effect.link)
        logger.debug('peer disconnected', effect.peer, effect.reason)
        emitter.emit('peer:disconnect', effect.peer, effect.reason)
        break
      case 'peer-timeout':
        remembering?.failed(effect.peer)
        logger.debug('peer timed out', effect.peer)
        emitter.emit('peer:timeout', effect.peer)
        break
      case 'peer-topics': {
        const { peer, interests, intents } = effect
        logger.debug('peer topics', peer, interests, intents)
        emitter.emit('peer:topics', peer, { interests, intents })
        break
      }
      case 'accept':
        void this.screen(effect.peer)
        break
      case 'invite-letter':
        invites.letter(effect.from, effect.body)
        break
      case 'state':
        logger.info('state', effect.state)
        membership.usable()
        if (effect.state === 'left') membership.left()
        emitter.emit('state', effect.state)
        break
    }
  }

  /** Asks the application about a peer. */
  private async screen(peer: PeerId): Promise<void> {
    const { driver, listeners, invites } = this.parts
    let ok = false
    try {
      // Not inside the turn that asks: what it calls is an input of its own.
      await undefined
      ok = (await this.accept?.(peer, { invited: invites.knows(peer) })) === true
    } catch (error) {
      listeners.thrown(error, 'accept')
    }
    driver.input({ kind: 'accepted', peer, ok })
  }
}
