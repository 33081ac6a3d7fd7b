/**
 * Small plots as SVG text: points and lines over a logarithmic axis of peers.
 * @module
 */
import { type Fit, type Point, valueAt } from './fit.ts'

export interface Series {
  readonly label: string
  readonly points: readonly Point[]
  readonly fit: Fit | undefined
}

const WIDTH = 460
/** Of the axes and what is written at them; the legend has rows of its own below. */
const HEIGHT = 240
const ROW = 16
const LEFT = 52
/** Room for half of the largest number of peers. */
const RIGHT = 30
const TOP = 34
const BOTTOM = 40
/** Told apart by people who do not tell red from green (Okabe and Ito), readable on white and on black. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']

/** A plot with a title and one colour per series. Lines are the fits. */
export function plot(title: string, unit: string, series: readonly Series[]): string {
  const points = series.flatMap(({ points }) => points)
  const low = Math.min(...points.map(({ n }) => n))
  const high = Math.max(...points.map(({ n }) => n), low * 2)
  const top = niceAbove(Math.max(...points.map(({ value }) => value), 1e-3))
  const x = (n: number) =>
    LEFT + ((WIDTH - LEFT - RIGHT) * (Math.log2(n) - Math.log2(low))) / (Math.log2(high) - Math.log2(low))
  const y = (value: number) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * value) / top
  const parts: string[] = []
  for (let i = 0; i <= 4; i++) {
    const value = (top * i) / 4
    parts.push(
      `<path d="M${LEFT} ${at(y(value))}H${WIDTH - RIGHT}" stroke="#888" stroke-opacity=".3"/>`,
      text(LEFT - 6, y(value) + 4, String(Number(value.toPrecision(3))), 'end'),
    )
  }
  for (const n of new Set(points.map(point => point.n))) {
    parts.push(text(x(n), HEIGHT - BOTTOM + 16, grouped(n), 'middle'))
  }
  parts.push(text(LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 6, 'peers', 'middle'))
  series.forEach(({ label, points, fit }, i) => {
    const colour = COLOURS[i % COLOURS.length] as string
    if (fit !== undefined) {
      const from = at(y(Math.max(0, valueAt(fit, low))))
      const to = at(y(Math.max(0, valueAt(fit, high))))
      parts.push(`<path d="M${at(x(low))} ${from}L${at(x(high))} ${to}" stroke="${colour}" fill="none"/>`)
    }
    for (const { n, value } of points)
      parts.push(`<circle cx="${at(x(n))}" cy="${at(y(value))}" r="2.5" fill="${colour}"/>`)
    const row = HEIGHT + 14 + i * ROW
    parts.push(
      `<circle cx="${LEFT + 4}" cy="${row - 4}" r="3.5" fill="${colour}"/>`,
      text(LEFT + 14, row, label, 'start'),
    )
  })
  const height = HEIGHT + 6 + series.length * ROW
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="11" fill="#777">`,
    `<title>${escaped(title)}</title>`,
    `<text x="${LEFT}" y="18" font-size="13" font-weight="600">${escaped(unit === '' ? title : `${title}, ${unit}`)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

/** The least 1, 2, 4, 5 or 8 times a power of ten that is not below `value`. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 4, 5, 8].find(factor => factor * power >= value) ?? 10)
}

export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',')
}

function text(x: number, y: number, content: string, anchor: string): string {
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escaped(content)}</text>`
}

function at(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
