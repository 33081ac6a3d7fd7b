/**
 * `npm run lab`: which pairs of networks get connected, how, and how fast. See docs/LAB.md.
 *
 * @module
 */

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBrowser } from '../scripts/browser.mjs'
import { labObstacle } from '../scripts/lab-needs.mjs'
import { HELP, type Options, readArguments } from './arguments.ts'
import { Browsers } from './browsers.ts'
import { type Diagnosed, diagnoses } from './diagnoses.ts'
import { allCases, FEW_CASES, type Measured } from './kinds.ts'
import { measure } from './measure.ts'
import { buildNetworks, removeNetworks, takeLock } from './networks.ts'
import type { Report } from './report.ts'
import { startServices } from './services.ts'
import { diagnosisLine, progressOf, tableOf } from './table.ts'

const OK = 0
const FAILED = 1
const USAGE = 2
const IMPOSSIBLE = 3

/** For all temporary files. One name, as there is one lab at a time: what a killed one left behind is found by the next. */
const FOLDER = join(tmpdir(), 'tabmesh-lab')

process.exit(await main(process.argv.slice(2)))

async function main(argv: readonly string[]): Promise<number> {
  const read = readArguments(argv)
  if (read.kind === 'help') {
    console.log(HELP)
    return OK
  }
  if (read.kind === 'wrong') {
    console.error(`lab: ${read.problem}\nTry npm run lab -- --help`)
    return USAGE
  }
  const bundle = fileURLToPath(new URL('../dist/tabmesh.js', import.meta.url))
  const obstacle = existsSync(bundle) ? labObstacle() : 'dist/ is not built: run "npm run build" first'
  const lock = obstacle === undefined ? await takeLock() : undefined
  if (lock === undefined) {
    console.error(`lab: no lab can run here: ${obstacle ?? 'another one is running'}`)
    return IMPOSSIBLE
  }
  // Whatever ends this process, exceptions included.
  process.on('exit', () => {
    removeNetworks()
    removeFolder()
  })
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.on(signal, () => process.exit(code))
  try {
    return answer(await run(read.options), read.options)
  } catch (error) {
    console.error('lab:', error)
    return FAILED
  }
}

async function run({ few, loss }: Options): Promise<Report> {
  removeNetworks()
  removeFolder()
  mkdirSync(FOLDER, { mode: 0o700 })
  // Playwright and Chromium put theirs there, too.
  process.env['TMPDIR'] = FOLDER
  buildNetworks(loss)
  const stop = await startServices(FOLDER)
  const browsers = new Browsers(await ensureBrowser(), FOLDER)
  const pairs: Measured[] = []
  let told: Diagnosed[] = []
  try {
    for (const pair of few ? FEW_CASES : allCases()) {
      const measured = await measure(browsers, pair, loss)
      pairs.push(measured)
      console.error(progressOf(measured))
    }
    told = await diagnoses(browsers)
    for (const diagnosed of told) console.error(diagnosisLine(diagnosed))
  } finally {
    await browsers.close()
    stop()
  }
  return { pairs, failed: pairs.filter(({ path }) => path === null).length, loss, diagnoses: told }
}

/** What was just killed may still be writing. */
function removeFolder(): void {
  rmSync(FOLDER, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}

function answer(report: Report, { json, output }: Options): number {
  const text = `${JSON.stringify(report, null, 2)}\n`
  if (output !== undefined) writeFileSync(output, text)
  process.stdout.write(json ? text : `\n${tableOf(report)}`)
  const isRight = report.diagnoses.every(({ faults }) => faults.length === 0)
  return report.failed === 0 && isRight ? OK : FAILED
}
