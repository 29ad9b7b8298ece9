// Subscribes by a client of graphql-ws, and goes on after the last event whenever something breaks: no event is missed,
// and none comes twice. Copy this file: it needs nothing but the client that you give it.

/** @typedef {{ data?: any, errors?: readonly any[] }} Result what the server sends: an event, or why there is none */
/** @typedef {{ next(result: any): void, error(fault: any): void, complete(): void }} Sink */
/** @typedef {{ query: string, variables: Record<string, any>, operationName?: string }} Payload */
/** @typedef {import('graphql-ws').Client} Client */
/** @typedef {{ onBreak?: (code: number | null) => void }} Options */

const FIRST_PAUSE = 250
const LONGEST_PAUSE = 10_000

// Your token is refused, or has expired. It is worth one more connection, for which the client gets a fresh one.
const FORBIDDEN = 4403
// Close codes from 4000 on mean that the server does not accept what we do, but for these: the other side was too slow.
const SLOW = [4408, 4499, 4504]
const TEMPORARY = ['RATE_LIMITED', 'UNAVAILABLE', 'TIMEOUT', 'INTERNAL']

/**
 * Subscribes as the client itself does, but breaks do not end it.
 *
 * @param {Client} client of graphql-ws, with `retryAttempts: 0`: by itself it would begin again where it began first
 * @param {Payload} payload a subscription that selects `cursor`, with the variable `after`: where to begin. Read it as
 *   `logCursor` together with what you show. From "now" on, a break before the first event could not be repaired.
 * @param {Sink} sink takes results, and the error that ends it for good
 * @param {Options} [options] `onBreak` hears of each break: its close code, or null where there was no connection
 * @returns {() => void} ends it
 */
export function resume(client, payload, sink, { onBreak = () => {} } = {}) {
  let after = payload.variables.after
  if (!after) throw new Error('Say where to begin: give the variable `after`, such as a logCursor.')
  let failures = 0
  let refusals = 0
  let attempts = 0
  let stop = () => {}
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting
  const forget = client.on('connected', () => (failures = refusals = 0))

  function begin() {
    const variables = { ...payload.variables, after }
    const attempt = ++attempts
    // Of a subscription that we have stopped the client still tells its end.
    const current = () => attempt === attempts
    stop = client.subscribe({ ...payload, variables }, {
      next(/** @type {Result} */ result) {
        if (!current()) return
        if (!result.data && result.errors) return broken(result.errors)
        // An event counts as handled once the sink has taken it.
        sink.next(result)
        after = cursorOf(result) ?? after
      },
      error: (/** @type {any} */ fault) => current() && broken(fault),
      complete: () => current() && end(() => sink.complete())
    })
  }

  function broken(/** @type {any} */ fault) {
    attempts++
    stop()
    if (fault.code === FORBIDDEN) refusals++
    if (isFinal(fault, refusals)) return end(() => sink.error(fault))
    onBreak(fault.code ?? null)
    waiting = setTimeout(begin, pause(fault, failures++))
  }

  function end(tell = () => {}) {
    attempts++
    forget()
    clearTimeout(waiting)
    stop()
    tell()
  }

  begin()
  return () => end()
}

/** @param {Result} result @returns {string | undefined} */
const cursorOf = ({ data }) => data && Object.values(data)[0]?.cursor

/** @param {any} fault a list of GraphQL errors, a close event, or why there is no connection @param {number} refusals */
function isFinal(fault, refusals) {
  if (Array.isArray(fault)) return !fault.every(({ extensions }) => TEMPORARY.includes(extensions?.code))
  if (fault.code === FORBIDDEN) return refusals > 1
  return fault.code >= 4000 && !SLOW.includes(fault.code)
}

// A pause by chance: not all clients of a server that comes back are there at the same moment.
function pause(/** @type {any} */ fault, /** @type {number} */ failures) {
  const asked = Array.isArray(fault) ? (fault[0]?.extensions?.retryAfter ?? 0) * 1000 : 0
  return asked + Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures)
}

const ANSWER_WITHIN = 5_000

/**
 * Gives up a connection that does not answer in time: a network that is gone says nothing.
 *
 * @template {Client} Watched
 * @param {Watched} client of graphql-ws, with `keepAlive`: how often it asks
 * @returns {Watched} the same
 */
export function watched(client) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence
  client.on('ping', (received) => {
    if (!received) silence = setTimeout(() => client.terminate(), ANSWER_WITHIN)
  })
  client.on('pong', (received) => received && clearTimeout(silence))
  client.on('closed', () => clearTimeout(silence))
  return client
}
