/**
 * Loss is told from death by the link's own past: where PINGs go without an answer and the neighbour is there all the same,
 * more of them are sent until its silence means something.
 * @module
 */

/** What one PING without an answer counts for in the share of those; RFC 6298 §2 has this gain for round trips. */
export const LOSS_GAIN = 1 / 8
/** PINGs of one silence that count: more of them in a row are a stall, and no loss. */
export const MOST_LOST = 3
/** A link loses packets where more than this share of its PINGs had no answer: two of the last dozen; one is no news. */
const LOSSY = 0.15
/** There a neighbour is suspect once its silence is as unlikely as this: about once in twenty minutes of silences a second apart … */
const UNLIKELY = 0.001
/** … sooner where its silence is expected, as this peer was away or somebody says that it is gone … */
export const EXPECTED = 0.1
/** … and after so many PINGs at the latest: in 3.4 s. */
const MOST_PROBES = 8

/** PINGs without an answer until a neighbour is suspect, where this share of them is lost. */
export function probesFor(loss: number, least: number, unlikely = UNLIKELY): number {
  if (loss <= LOSSY) return least
  let probes = 1
  for (let chance = loss; probes < MOST_PROBES && (probes < least || chance > unlikely); chance *= loss)
    probes++
  return probes
}
