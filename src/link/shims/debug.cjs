'use strict'
module.exports = () => () => {}
