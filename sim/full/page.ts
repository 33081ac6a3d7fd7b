/**
 * docs/SCALE.md and its plots, written anew: what stands between the markers is the machine's, the rest is prose
 * and stays.
 * @module
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from './results.ts'
import { failureList, growthTable, millionParagraph, plots, targetTable } from './tables.ts'

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. A page without the markers is an error. */
export function fill(page: string, name: string, content: string): string {
  const open = `<!-- ${name} -->`
  const close = `<!-- /${name} -->`
  const start = page.indexOf(open)
  const end = page.indexOf(close)
  if (start < 0 || end < start) throw new Error(`the page has no ${open} … ${close}`)
  return `${page.slice(0, start + open.length)}\n${content}\n${page.slice(end)}`
}

/** Writes the page and the plots of these runs; `versions`: of the code as it is, and of code that did the same. */
export function render(root: string, runs: readonly Run[], versions: ReadonlySet<string>): void {
  const file = join(root, 'docs', 'SCALE.md')
  const folder = join(root, 'docs', 'scale')
  if (!existsSync(file)) throw new Error('docs/SCALE.md is missing')
  const drawn = plots(runs)
  mkdirSync(folder, { recursive: true })
  for (const { file: name, svg } of drawn) writeFileSync(join(folder, name), svg)
  const images = drawn.map(({ file: name }) => `![${name.replace('.svg', '')}](scale/${name})`).join('\n')
  let page = readFileSync(file, 'utf8')
  page = fill(page, 'targets', targetTable(runs))
  page = fill(page, 'growth', growthTable(runs))
  page = fill(page, 'plots', images)
  page = fill(page, 'million', millionParagraph(runs))
  page = fill(page, 'runs', failureList(runs, versions))
  writeFileSync(file, page)
}
