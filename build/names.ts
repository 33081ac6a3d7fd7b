/**
 * Which property names of the library nobody outside can see, so that the bundle may shorten them.
 *
 * A name is shortened everywhere or nowhere, and only if our own source declares it and it is found in none of
 * these places: the published declarations (whatever an application reads, writes or hands in), the platform's
 * declarations, the bundled packages, the modules whose objects leave the program (JSON, IndexedDB), and the
 * string literals of our own source (`'name' in object`, `Reflect.get(object, 'name')`).
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

/** Syntax that declares a property under a name that stands there as it is. */
const DECLARATIONS = new Set([
  'MethodDefinition',
  'Property',
  'PropertyDefinition',
  'TSMethodSignature',
  'TSPropertySignature',
])

interface SyntaxNode {
  readonly type: string
  readonly [field: string]: unknown
}

/**
 * The names that may be shortened, sorted.
 *
 * @param own our modules
 * @param outside everything that a kept name may come from: every identifier and every string in it is kept
 */
export function internalNames(own: readonly Source[], outside: readonly Source[]): string[] {
  const declared = new Set<string>()
  const kept = new Set<string>()
  for (const source of own) {
    visit(source, node => {
      const { type, key, computed } = node
      if (DECLARATIONS.has(type) && computed !== true && isNode(key) && key.type === 'Identifier')
        declared.add(String(key['name']))
      keepString(node, kept)
    })
  }
  for (const source of outside) {
    visit(source, node => {
      if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') kept.add(String(node['name']))
      keepString(node, kept)
    })
  }
  return [...declared].filter(name => !kept.has(name)).sort()
}

function keepString({ type, value }: SyntaxNode, kept: Set<string>): void {
  if (type === 'Literal' && typeof value === 'string') kept.add(value)
}

/** Calls `found` with every node of the syntax tree. */
function visit({ text, lang }: Source, found: (node: SyntaxNode) => void): void {
  const waiting: unknown[] = [parseAst(text, { lang })]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) waiting.push(...next.filter(isNode))
    else if (isNode(next)) {
      found(next)
      for (const child of Object.values(next))
        if (typeof child === 'object' && child !== null) waiting.push(child)
    }
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
