'use strict'
// Defined, not assigned: `code` of a DOMException has no setter.
module.exports = (error, code) =>
  Object.defineProperty(error, 'code', { value: code, configurable: true, enumerable: true })
