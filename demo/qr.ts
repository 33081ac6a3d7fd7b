/**
 * A text as a QR code: one path of squares on white, in both themes, as scanners want it.
 * @module
 */
import { encode } from 'uqr'
import { svgElement } from './element.ts'

export function qrCode(text: string, label: string): SVGSVGElement {
  const { data, size } = encode(text, { ecc: 'L', border: 3 })
  let path = ''
  for (const [y, row] of data.entries())
    for (const [x, dark] of row.entries()) if (dark) path += `M${x} ${y}h1v1h-1z`
  return svgElement(
    'svg',
    { viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': label, 'shape-rendering': 'crispEdges' },
    svgElement('rect', { width: String(size), height: String(size), fill: '#fff' }),
    svgElement('path', { d: path, fill: '#000' }),
  )
}
