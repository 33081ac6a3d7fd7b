'use strict'
module.exports = task => queueMicrotask(task)
