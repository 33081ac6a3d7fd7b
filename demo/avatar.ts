/**
 * A little planet for every peer id: three hues and a tilt, all from the id, so that it looks the same in every tab.
 * @module
 */
import type { PeerId } from 'tabmesh'
import { svgElement } from './element.ts'
import { idNumber } from './pleasant-name.ts'

/** One lightness for all, so that no planet shouts; hue and tilt carry the id. */
const colour = (lightness: number, hue: number): string => `oklch(${lightness} 0.13 ${hue % 360})`

/** The planet as SVG shapes within the unit circle. */
export function planet(id: PeerId): SVGGElement {
  const number = idNumber(id)
  const hue = number % 360
  const second = hue + 40 + (Math.floor(number / 360) % 120)
  const tilt = Math.floor(number / 43200) % 360
  const bite = 0.25 + (Math.floor(number / 15552000) % 40) / 100
  return svgElement(
    'g',
    { transform: `rotate(${tilt})` },
    svgElement('circle', { r: '1', fill: colour(0.72, hue) }),
    svgElement('path', { d: `M-1 0A1 1 0 0 0 1 0A1 ${bite} 0 0 1 -1 0z`, fill: colour(0.56, second) }),
    svgElement('circle', { cx: '0.3', cy: '-0.42', r: '0.2', fill: colour(0.9, second) }),
  )
}

/** The planet as a picture for lists; decorative, the name beside it says who. */
export function avatar(id: PeerId): SVGSVGElement {
  return svgElement('svg', { viewBox: '-1 -1 2 2', class: 'avatar', 'aria-hidden': 'true' }, planet(id))
}
