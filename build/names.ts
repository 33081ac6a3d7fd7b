/**
 * Which property names the bundle may shorten: those that only our own source knows.
 *
 * A name is shortened everywhere or nowhere, and only if the compiler sees no use of it that is not ours
 * (property-types.ts) and it is found in none of these places: the published declarations (whatever an application
 * reads, writes or hands in), the bundled packages, the modules whose objects leave the program (JSON, IndexedDB), and
 * the string literals of our own source (`'name' in object`, `Reflect.get(object, 'name')`).
 *
 * @module
 */

import { parseAst } from 'rolldown/parseAst'

export type Language = 'ts' | 'dts' | 'js'

/** A text and how to read it. */
export interface Source {
  readonly text: string
  readonly lang: Language
}

interface SyntaxNode {
  readonly type: string
  readonly [field: string]: unknown
}

/** Every property's name and every string of some texts; of declarations not what is private, which nobody can use. */
export function namesIn(sources: readonly Source[]): Set<string> {
  const names = new Set<string>()
  for (const { text, lang } of sources)
    visit(parseAst(text, { lang }), node => {
      if (node['accessibility'] === 'private') return false
      const name = nameOf(node)
      if (name !== undefined) names.add(name)
      keepString(node, names)
      return true
    })
  return names
}

/** Every string of some texts. */
export function stringsIn(sources: readonly Source[]): Set<string> {
  const strings = new Set<string>()
  for (const { text, lang } of sources)
    visit(parseAst(text, { lang }), node => {
      keepString(node, strings)
      return true
    })
  return strings
}

/** How often each property name stands in JavaScript: read, declared or taken out of an object. */
export function propertiesIn(code: string): Map<string, number> {
  const uses = new Map<string, number>()
  visit(parseAst(code, { lang: 'js' }), node => {
    const name = nameOf(node)
    if (name !== undefined) uses.set(name, (uses.get(name) ?? 0) + 1)
    return true
  })
  return uses
}

function nameOf({ type, computed, key, property }: SyntaxNode): string | undefined {
  if (computed === true) return undefined
  const name = type === 'MemberExpression' ? property : /Property|Method/.test(type) ? key : undefined
  return isNode(name) && name.type === 'Identifier' ? String(name['name']) : undefined
}

function keepString({ type, value }: SyntaxNode, kept: Set<string>): void {
  if (type === 'Literal' && typeof value === 'string') kept.add(value)
}

/** Calls `found` with every node of the syntax tree; below a node only if it answers true. */
function visit(tree: unknown, found: (node: SyntaxNode) => boolean): void {
  const waiting: unknown[] = [tree]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) waiting.push(...next.filter(isNode))
    else if (isNode(next) && found(next))
      for (const child of Object.values(next))
        if (typeof child === 'object' && child !== null) waiting.push(child)
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
