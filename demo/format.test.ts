import { expect, test } from 'vitest'
import { formatAge, formatBytes, formatRoundTrip, listNames, shortId } from './format.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9949, '9.9 kB'],
  [12_345, '12 kB'],
  [999_499, '999 kB'],
  [999_600, '1.0 MB'],
  [3_200_000_000, '3.2 GB'],
])('%d bytes read %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

test.each([
  [0, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [7_200_000, '2 h'],
  [-5, '0 s'],
])('an age of %d ms reads %s', (age, text) => expect(formatAge(age)).toBe(text))

test('a round trip is a dash until it is measured', () => {
  expect(formatRoundTrip(undefined)).toBe('–')
  expect(formatRoundTrip(0.31)).toBe('0.3 ms')
  expect(formatRoundTrip(23.4)).toBe('23 ms')
})

test('a list of names stays short', () => {
  expect(listNames(['Ann'])).toBe('Ann')
  expect(listNames(['Ann', 'Bo'])).toBe('Ann and Bo')
  expect(listNames(['Ann', 'Bo', 'Cy'])).toBe('Ann, Bo and 1 other')
  expect(listNames(['Ann', 'Bo', 'Cy', 'Di'])).toBe('Ann, Bo and 2 others')
})

test('a short id shows both ends', () => {
  expect(shortId('abcdefghijklmnopqrstuvwxyz')).toBe('abcdef…wxyz')
})
