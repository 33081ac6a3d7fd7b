'use strict'
// The part of a Node stream that simple-peer's data channel needs: an event emitter with the flags it sets on itself.
// Bytes never pass a stream here: the link reads and writes the channel.

class Duplex {
  constructor() {
    this._listeners = new Map()
    this._readableState = { ended: true }
    this._writableState = { finished: true }
  }

  on(event, listener) {
    const all = this._listeners.get(event)
    if (all) all.push(listener)
    else this._listeners.set(event, [listener])
    return this
  }

  once(event, listener) {
    const wrapped = (...details) => {
      this.removeListener(event, wrapped)
      listener(...details)
    }
    wrapped.listener = listener
    return this.on(event, wrapped)
  }

  removeListener(event, listener) {
    const all = this._listeners.get(event) ?? []
    this._listeners.set(
      event,
      all.filter(one => one !== listener && one.listener !== listener),
    )
    return this
  }

  emit(event, ...details) {
    const all = this._listeners.get(event) ?? []
    for (const listener of all.slice()) listener(...details)
    return all.length > 0
  }

  push() {
    return true
  }

  end() {
    return this
  }
}

module.exports = { Duplex }
