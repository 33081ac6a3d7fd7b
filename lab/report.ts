/**
 * What a run of the lab found: the JSON of `--json` and `--output`.
 *
 * @module
 */

import type { Diagnosed } from './diagnoses.ts'
import type { Measured } from './kinds.ts'

export interface Report {
  readonly pairs: readonly Measured[]
  /** Pairs without a link. */
  readonly failed: number
  /** Percent of packets lost. */
  readonly loss: number
  /** What tabs in known trouble were told of it. */
  readonly diagnoses: readonly Diagnosed[]
}
