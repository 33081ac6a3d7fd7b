/**
 * The table of a lab run, for people.
 *
 * @module
 */

import type { Diagnosed } from './diagnoses.ts'
import { type Case, hasTurn, type Measured } from './kinds.ts'
import type { Report } from './report.ts'

const WORDS = { direct: 'direct', turn: 'TURN', relayed: 'relayed by a peer' } as const
const FOOTNOTE = `* A network without UDP reaches no peer by itself, since browsers offer each other no ICE-TCP: not even one that
  would relay for it. Its hosts have TURN over TCP in both columns.`

/** Rows of pairs, one column without TURN and one with it. */
export function tableOf({ pairs, failed, loss, diagnoses }: Report): string {
  const rows = new Map<string, [without: string, configured: string]>()
  let starred = false
  for (const measured of pairs) {
    const always = [measured.a, measured.b].some(kind => hasTurn(kind, false))
    starred ||= always
    const name = `${nameOf(measured)}${always ? ' *' : ''}`
    const row = rows.get(name) ?? ['', '']
    row[measured.turn ? 1 : 0] = cellOf(measured)
    rows.set(name, row)
  }
  const lines = [
    ['pair', 'no TURN configured', 'TURN configured'],
    ...[...rows].map(([name, row]) => [name, ...row]),
  ]
  const widths = [0, 1].map(column => Math.max(...lines.map(line => (line[column] ?? '').length)))
  const shown = lines.map(line =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const faults = pairs.flatMap(pair => (pair.why ? [`${nameOf(pair)}, ${turnWord(pair)}: ${pair.why}`] : []))
  return [
    ...shown,
    '',
    ...(starred ? [FOOTNOTE] : []),
    ...faults,
    `${pairs.length - failed} of ${pairs.length} pairs connected${loss > 0 ? `, with ${loss} % of packets lost` : ''}`,
    '',
    ...diagnoses.map(diagnosisLine),
    ...(diagnoses.length > 0 ? [''] : []),
  ].join('\n')
}

/** One line as soon as a pair is measured. */
export function progressOf(measured: Measured): string {
  return `${nameOf(measured)}, ${turnWord(measured)}: ${cellOf(measured)}`
}

/** One line for what a tab was told. */
export function diagnosisLine({
  kind,
  given,
  peer,
  verdict,
  candidates,
  pair,
  relayed,
  faults,
}: Diagnosed): string {
  const about = peer === null ? '' : ` – ${peer}`
  const asked =
    given === 'stun'
      ? 'STUN'
      : given === 'wrong password'
        ? `TURN, ${given}`
        : `TURN over ${given.toUpperCase()}`
  const types = pair === null ? candidates.join(', ') : `by ${pair.join(' – ')}`
  const found = relayed ? 'relayed by a peer' : types
  const wrong = faults.length === 0 ? '' : ` WRONG: ${faults.join('; ')}`
  return `diagnosis of ${kind}${about}, ${asked}: ${verdict} (${found})${wrong}`
}

function cellOf({ path, ms }: Measured): string {
  if (path === null) return 'NOT CONNECTED'
  return `${WORDS[path]}, ${((ms ?? 0) / 1000).toFixed(2)} s`
}

function nameOf({ a, b }: Case): string {
  return `${a} – ${b}`
}

function turnWord({ turn }: Case): string {
  return turn ? 'TURN configured' : 'no TURN configured'
}
