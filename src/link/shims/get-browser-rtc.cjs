'use strict'
// The link hands simple-peer its classes (option `wrtc`), so that nothing is looked up when the bundle is loaded.
module.exports = () => null
