/**
 * The one error class of the mesh. A mistake in an argument is a TypeError or RangeError that names the
 * argument; everything else that a call can end with is a {@link MeshError} with a closed `code`.
 * @module
 */

/**
 * How a call failed, and what to do about it.
 *
 * - `unsupported`: the data holds something that cannot be sent (the message names the path), or this page has
 *   no WebRTC. Change the data; or tell the user to open the page in a browser with WebRTC.
 * - `too-large`: the message is over 16 MiB encoded. Send it in parts.
 * - `timeout`: no receipt came in time. It may have arrived all the same: send again only what may arrive twice.
 * - `no-route`: no path leads to that peer now. It has left, or the mesh is split: try again after `peer:connect`.
 * - `refused`: the other side, or the signaling server, said no. Asking again gives the same answer.
 * - `left`: this mesh has not joined, or left before the call was done. Call `join()` first.
 * - `aborted`: the call's AbortSignal fired; its reason is the error's `cause`.
 * - `invite-invalid`: no invite, or reply to one, of this mesh or this swarm: cut short, altered, or the one for the other.
 *   Copy it again, whole.
 * - `invite-expired`: the invite's time is over. Ask for a new one.
 * - `invite-used`: somebody has come in by this invite; each serves one peer. Ask for a new one.
 * - `busy`: too much is on its way already. Await the calls before starting more.
 */
export type MeshErrorCode =
  | 'unsupported'
  | 'too-large'
  | 'timeout'
  | 'no-route'
  | 'refused'
  | 'left'
  | 'aborted'
  | 'busy'
  | 'invite-invalid'
  | 'invite-expired'
  | 'invite-used'

/** A call that failed; `code` says how. */
export class MeshError extends Error {
  override readonly name = 'MeshError'
  readonly code: MeshErrorCode

  constructor(code: MeshErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
