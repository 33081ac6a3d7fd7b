/**
 * `npm test`: every check there is, on a fresh clone as well. `npm run check` (`--fast`) is the part for daily use.
 *
 * Ends with one line `N passed, N failed`: tests of vitest, the simulator and Playwright one by one, every other step
 * as one. Exits with 1 if anything failed.
 *
 * @module
 */

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { performance } from 'node:perf_hooks'
import { stripVTControlCharacters } from 'node:util'
import { CACHE, ensureDependencies, ensureNode, inRepo, ROOT, run, runTool } from './lib.mjs'

const fast = process.argv.includes('--fast')
/** Longest time for one step: a hang must become a failure. */
const STEP_TIMEOUT_MS = 20 * 60_000
/** The unit tests take two minutes of two cores, and twice that beside other work; what takes longer never ends. */
const UNIT_TIMEOUT_MS = 10 * 60_000
/** A minute and a half of two cores, and twice that beside other work. */
const LAB_TIMEOUT_MS = 5 * 60_000
/** Lines of a failure's message that the end of the log repeats. */
const WHY_LINES = 6
/** Exit code of lab/cli.ts: not Linux, not root, tools missing. */
const NO_LAB_HERE = 3

ensureNode()
ensureDependencies()
mkdirSync(CACHE, { recursive: true })

/** @typedef {{ passed: number, failed: number, what?: string[] }} Count `what`: the failures, one by one */

/** @type {{ passed: number, failed: number, broken: string[] }} */
const total = { passed: 0, failed: 0, broken: [] }

/** @param {number} code @returns {Count} */
const asOne = code => (code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 })

/**
 * @param {string} name
 * @param {() => Promise<Count>} work
 * @returns {Promise<boolean>} whether all of it passed
 */
async function step(name, work) {
  console.log(`\n── ${name}`)
  const began = performance.now()
  /** @type {Count} */
  let count
  try {
    count = await work()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    count = { passed: 0, failed: 1 }
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  const ok = count.failed === 0
  console.log(`${ok ? '✓' : '✗'} ${name}: ${count.passed} passed, ${count.failed} failed (${seconds} s)`)
  total.passed += count.passed
  total.failed += count.failed
  if (!ok) total.broken.push(name, ...(count.what ?? []))
  return ok
}

/**
 * Runs a tool several times or several tools, one after the other, all of them even after a failure.
 *
 * @param {(() => Promise<number>)[]} works
 */
async function all(works) {
  let worst = 0
  for (const work of works) worst = Math.max(worst, await work())
  return asOne(worst)
}

/**
 * Runs a test runner and counts from the report it writes. A report without a single test is a failure.
 *
 * @param {string} report - name of the JSON file
 * @param {(file: string) => Promise<number>} work
 * @param {(report: any) => Count} counted
 */
async function tests(report, work, counted) {
  const file = join(CACHE, report)
  rmSync(file, { force: true })
  const code = await work(file)
  if (!existsSync(file)) throw new Error('the test runner did not come to its end')
  const count = counted(JSON.parse(readFileSync(file, 'utf8')))
  if (count.passed + count.failed === 0) throw new Error('no tests were found')
  // The runner failed outside any test (an unhandled error, a file that cannot be loaded).
  if (code !== 0 && count.failed === 0) count.failed = 1
  return count
}

/**
 * One failure as the last lines show it: whoever has the end of a log only needs to know which test it was, and why.
 *
 * @param {string} file
 * @param {string} name
 * @param {string | undefined} message
 */
function failure(file, name, message) {
  const why = stripVTControlCharacters(message ?? '')
    .split('\n', WHY_LINES)
    .join('\n      ')
  return `  ${file}${name ? `: ${name}` : ''}\n      ${why}`
}

/**
 * The failures in a report of Playwright's.
 *
 * @param {any} suite
 * @returns {string[]}
 */
function failuresIn(suite) {
  const own = (suite.specs ?? []).flatMap((/** @type {any} */ { ok, file, title, tests }) => {
    if (ok) return []
    const results = tests.flatMap((/** @type {any} */ test) => test.results)
    const failed = results.find((/** @type {any} */ result) => result.error !== undefined)
    return [failure(`e2e/${file}`, title, failed?.error.message)]
  })
  return [...own, ...(suite.suites ?? []).flatMap(failuresIn)]
}

/** @param {'unit' | 'sim'} project */
const vitest = project =>
  tests(
    `${project}.json`,
    file =>
      runTool(
        ['vitest'],
        ['run', '--project', project, '--reporter=dot', '--reporter=json', `--outputFile.json=${file}`],
        {
          // A log keeps colours as text: a dozen characters for each dot.
          env: process.stdout.isTTY ? {} : { NO_COLOR: '1' },
          timeout: project === 'unit' ? UNIT_TIMEOUT_MS : STEP_TIMEOUT_MS,
        },
      ),
    report => {
      /** @type {string[]} */
      const what = []
      for (const { name, status, message, assertionResults } of report.testResults) {
        const file = relative(ROOT, name)
        // A file that cannot even be loaded holds no tests, and is one failure.
        if (status === 'failed' && assertionResults.length === 0) what.push(failure(file, '', message))
        for (const { status, fullName, failureMessages } of assertionResults)
          if (status === 'failed') what.push(failure(file, fullName, failureMessages[0]))
      }
      return { passed: report.numPassedTests, failed: what.length, what }
    },
  )

const TYPES = ['tsconfig.json', 'tsconfig.protocol.json', 'tsconfig.node.json']
const ROOMS = ['src', 'sim', 'server', 'demo', 'e2e', 'bench', 'lab', 'build', 'scripts'].filter(inRepo)

await step('types', () =>
  all(TYPES.map(config => () => runTool(['typescript', 'tsc'], ['-p', config, '--pretty']))),
)
await step('lint', async () => asOne(await runTool(['@biomejs/biome', 'biome'], ['check', '.'])))
await step('import directions', async () =>
  asOne(
    await runTool(['dependency-cruiser', 'depcruise'], ['--config', '.dependency-cruiser.cjs', ...ROOMS]),
  ),
)
await step('unit and property tests', () => vitest('unit'))

if (!fast) {
  await step('simulator', () => vitest('sim'))
  const built = await step('build', async () => asOne(await run(process.execPath, ['scripts/build.mjs'])))
  if (built) {
    await step('package: publint', async () => asOne(await runTool(['publint'], ['--strict'])))
    await step('package: types resolve', async () =>
      asOne(await runTool(['@arethetypeswrong/cli', 'attw'], ['--pack', '.', '--profile', 'esm-only'])),
    )
    await step('package: size', async () => asOne(await runTool(['size-limit'], [])))
    await step('end to end', async () => {
      const { ensureBrowser } = await import('./browser.mjs')
      const browser = await ensureBrowser()
      console.log(`browser: ${browser}`)
      const { ensureFirefox } = await import('./firefox.mjs')
      const firefox = await ensureFirefox()
      console.log(
        firefox
          ? `Firefox: ${firefox.executablePath}`
          : 'Firefox: none found, and none could be installed: THE TESTS OF A MIXED MESH ARE LEFT OUT',
      )
      return tests(
        'e2e.json',
        file =>
          runTool(['@playwright/test', 'playwright'], ['test'], {
            env: { CHROMIUM_PATH: browser, PLAYWRIGHT_JSON_OUTPUT_FILE: file },
            timeout: STEP_TIMEOUT_MS,
          }),
        ({ stats, errors, suites }) => ({
          passed: stats.expected,
          failed: stats.unexpected + stats.flaky + (stats.unexpected === 0 ? errors.length : 0),
          what: suites.flatMap(failuresIn),
        }),
      )
    })
    await step('NAT lab', async () => {
      let possible = true
      try {
        // Four pairs, one for each way to get connected; `npm run lab` does all of them.
        const args = ['scripts/run.mjs', 'lab/cli.ts', '--few', '--output']
        return await tests(
          'lab.json',
          async file => {
            const code = await run(process.execPath, [...args, file], { timeout: LAB_TIMEOUT_MS })
            possible = code !== NO_LAB_HERE
            return code
          },
          ({ pairs, failed }) => ({ passed: pairs.length - failed, failed }),
        )
      } catch (error) {
        if (possible) throw error
        console.log('LEFT OUT, as no lab can run here (see above)')
        return { passed: 0, failed: 0 }
      }
    })
  } else {
    console.log(
      '\nWithout a build there is nothing to pack or to open in a browser: those steps were left out.',
    )
  }
}

if (total.broken.length > 0) console.log(`\nFailed:\n${total.broken.join('\n')}`)
console.log(`\n${total.passed} passed, ${total.failed} failed`)
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1)
