'use strict'
// simple-peer asks for random names only: bytes that can say themselves in hexadecimal.
module.exports = size => {
  const bytes = crypto.getRandomValues(new Uint8Array(size))
  return { toString: () => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('') }
}
