/**
 * The first byte of every frame: which machine reads it, and what the receiver must do. The grammar of each
 * is beside its encoder, in the folder of its machine; docs/WIRE.md gathers them.
 * @module
 */
export const Frame = {
  // handshake: the only frames before a link is up
  /** Check version and swarm; answer with AUTH over this nonce. */
  HELLO: 0x01,
  /** Verify the signature over the transcript; the link is up when both sides have. */
  AUTH: 0x02,
  /** The sender has closed on purpose: drop the link at once. */
  BYE: 0x03,

  // liveness
  /** Answer with PONG and the same nonce. */
  PING: 0x08,
  /** Take the round trip of the PING with this nonce. */
  PONG: 0x09,
  /** The sender's page is hidden or frozen: wait longer for its next word, and do not rely on it meanwhile. */
  REST: 0x0a,

  // acquaintance
  /** The receiver's address as the sender sees it: show it, trust it in nothing. */
  SEEN: 0x0b,
  /** Records of the sender's neighbours: verify and keep them, to write to these peers. */
  PEERS: 0x0c,

  // overlay
  /** Replace what is known of the sender's neighbours. */
  NEIGHBOURS: 0x10,
  /** Mix the ids into the passive view; answer with SHUFFLED. */
  SHUFFLE: 0x11,
  /** Mix the ids into the passive view. */
  SHUFFLED: 0x12,
  /** These peers have left: forget them, and pass on what was news. */
  GONE: 0x13,
  /** Whether to tell others of the sender. */
  SILENT: 0x14,
  /** Who stands next to this id on the ring is sought: pass it on to whom is nearer, or ask the id for a link. */
  SEEK: 0x15,

  // gossip
  /** A broadcast: ack it, and if it is new verify, deliver and pass it on. */
  PUSH: 0x20,
  /** Pushes that have arrived. */
  ACK: 0x21,
  /** Messages the sender has: graft what does not come by itself. */
  IHAVE: 0x22,
  /** Send the named messages and keep this link in the tree. */
  GRAFT: 0x23,
  /** Take this link out of the named trees. */
  PRUNE: 0x24,
  /** Everything the sender has, as ranges: send what it lacks, ask for what it has more. */
  RANGES: 0x25,
  /** Topics the sender wants to get and means to publish: tell the application. */
  INTERESTS: 0x2b,
  /** Hold the named topics of a stream back from the sender, and nothing else; confirm with SKIP. */
  DECLINE: 0x2c,
  /** Messages the sender holds back: do not wait for them. */
  SKIP: 0x2d,
  /** How many have a message that asked for receipts: add them up, and pass the sum on. */
  TALLY: 0x26,
  /** Send the latest messages of a topic, as PAST. */
  HISTORY: 0x27,
  /** A message that was asked for with HISTORY, or that it was the last one. */
  PAST: 0x28,
  /** The pulse of the ground tree's root: take the first to bring it as parent, and pass it on. */
  BEACON: 0x29,

  // routing
  /** A direct message on its way: deliver it, or pass it on. */
  ROUTED: 0x30,
  /** A direct message that came back from a dead end: try the next best neighbour. */
  BOUNCED: 0x31,
  /** A direct message to this neighbour itself: deliver, answer with RECEIPT. */
  DATA: 0x32,
  /** DATA frames that have arrived. */
  RECEIPT: 0x33,
  /** ROUTED and BOUNCED frames that have arrived over this link: keep them no longer. */
  TAKEN: 0x34,
  /** Places of peers that the sender is near to: look further ahead with them. */
  HORIZON: 0x35,

  // circuits: relayed links
  /** Offer a circuit to this neighbour of yours. */
  CONNECT: 0x40,
  /** A neighbour's neighbour wants a circuit: take it if it is expected. */
  OFFER: 0x41,
  /** The circuit is taken: it is open. */
  ACCEPT: 0x42,
  /** A sealed packet: pass it on, or open it. */
  CARRY: 0x43,
  /** So much has been taken: send more. */
  CREDIT: 0x44,
  /** The circuit has ended. */
  HANGUP: 0x45,
} as const

export type FrameType = (typeof Frame)[keyof typeof Frame]
