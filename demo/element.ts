/**
 * Making and finding elements. Text only ever enters the page as text nodes, so nothing a peer sends is markup.
 * @module
 */

type Child = Node | string
type Attributes = Readonly<Record<string, string>>

const SVG = 'http://www.w3.org/2000/svg'

function fill<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children)
}

export function svgElement<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), attributes, children)
}

/** The element of index.html with this id. Throws an Error that names the id where the page lacks it. */
export function byId<E extends HTMLElement>(id: string, type: new () => E): E {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} with the id "${id}"`)
  return found
}

/** Writes text only where it differs: an unchanged live region stays silent and a selection survives. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text
}
