/**
 * The application's calls that are under way: each a promise that the protocol settles, or its AbortSignal.
 * @module
 */
import type { Outcome } from '../protocol/effect.ts'
import type { RequestId } from '../protocol/input.ts'
import { MeshError } from './errors.ts'

/** What a failed call says, by outcome. */
export type Failures = Readonly<Record<Exclude<Outcome, 'ok' | 'aborted' | 'left'>, string>>

interface Pending {
  settle(outcome: Outcome): void
  tell(value: unknown): void
}

export class Requests {
  private readonly pending = new Map<RequestId, Pending>()
  private next = 1

  /**
   * Starts a request.
   *
   * @param start hands it to the protocol
   * @param cancel tells the protocol that nobody waits any more
   * @param value what it resolves with if nothing else is told
   * @param told gets what is told meanwhile
   * @returns resolves on `ok` with the last value, rejects with a MeshError otherwise
   */
  open<T = void>(
    start: (request: RequestId) => void,
    cancel: (request: RequestId) => void,
    failures: Failures,
    signal: AbortSignal | undefined,
    value: T,
    told: (value: T) => void = () => {},
  ): Promise<T> {
    let last = value
    if (signal?.aborted === true) return Promise.reject(aborted(signal))
    return new Promise((resolve, reject) => {
      const request = this.next++
      const onAbort = (): void => {
        if (!this.pending.delete(request)) return
        reject(signal === undefined ? leftError() : aborted(signal))
        cancel(request)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.pending.set(request, {
        settle(outcome) {
          signal?.removeEventListener('abort', onAbort)
          if (outcome === 'ok') resolve(last)
          else if (outcome === 'left') reject(leftError())
          else if (outcome === 'aborted') reject(new MeshError('aborted', 'the call was given up'))
          else reject(new MeshError(outcome, failures[outcome]))
        },
        tell(value) {
          last = value as T
          told(last)
        },
      })
      start(request)
    })
  }

  settle(request: RequestId, outcome: Outcome): void {
    const pending = this.pending.get(request)
    this.pending.delete(request)
    pending?.settle(outcome)
  }

  /** What there is so far: a value of the type that the request was opened with. */
  tell(request: RequestId, value: unknown): void {
    this.pending.get(request)?.tell(value)
  }

  /** Ends every request that is still open. */
  settleAll(outcome: Outcome): void {
    for (const request of [...this.pending.keys()]) this.settle(request, outcome)
  }
}

/** A call that its AbortSignal has ended. */
export function aborted(signal: AbortSignal): MeshError {
  return new MeshError('aborted', 'the call was aborted', { cause: signal.reason })
}

function leftError(): MeshError {
  return new MeshError('left', 'this mesh left before the call was done')
}
