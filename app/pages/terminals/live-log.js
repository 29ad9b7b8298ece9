// One subscription over graphql-transport-ws that survives whatever happens to its socket.
//
// The protocol: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. A library such as graphql-ws does the
// same; here it is by hand, so that all of it can be seen.

const PING_SECONDS = 15;
const PONG_SECONDS = 10;
const LONGEST_PAUSE_SECONDS = 10;

// The server closes with it where a token does not, or no longer, hold. To try again would not help.
const FORBIDDEN = 4403;

// What the stream may end with where a new socket would only hear it again.
const FINAL_CODES = ["ACCESS_ENDED", "CURSOR_INVALID", "NOT_FOUND", "UNAUTHENTICATED"];

export class LiveLog {
  #socket = null;
  #timers = [];
  #tries = 0;
  #liveSince = null;
  #hasBeenLive = false;

  /**
   * @param {object} options
   * @param {string} options.authorization Goes into `connection_init`: browsers send no headers with a WebSocket.
   * @param {string} options.document A subscription with the variables `organisation` and `after`.
   * @param {string} options.organisation Whose log it is.
   * @param {string} options.after The cursor behind which to begin: the `logCursor` that came with what is shown.
   * @param {(event: object, isCaughtUp: boolean) => void} options.onEvent
   * @param {(state: "connecting"|"live"|"waiting"|"cut"|"ended", code?: string) => void} options.onState
   */
  constructor(options) {
    this.options = options;
    this.after = options.after;
  }

  /** Connect, and from then on connect again whenever the connection is lost. */
  connect() {
    this.#leave();
    this.options.onState("connecting");
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/graphql`, "graphql-transport-ws");
    this.#socket = socket;
    socket.onopen = () => this.#say({ type: "connection_init", payload: { authorization: this.options.authorization } });
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => (code === FORBIDDEN ? this.#end("UNAUTHENTICATED") : this.#tryAgainLater());
  }

  /** Cut the connection and stay away until `connect`. The cursor stays: nothing is lost. */
  cut() {
    this.#leave();
    this.#tries = 0;
    this.options.onState("cut");
  }

  /** Stop for good, silently. */
  stop() {
    this.#leave();
  }

  #hear(message) {
    switch (message.type) {
      case "connection_ack":
        return this.#subscribe();
      case "next":
        return this.#next(message.payload);
      case "ping":
        return this.#say({ type: "pong" });
      case "pong":
        return this.#waitToPing();
      case "error":
        return this.#refused(message.payload);
      case "complete":
        return this.#tryAgainLater();
    }
  }

  #subscribe() {
    this.#liveSince = new Date();
    this.#say({
      id: "log",
      type: "subscribe",
      payload: {
        query: this.options.document,
        variables: { organisation: this.options.organisation, after: this.after },
      },
    });
    this.#waitToPing();
    this.options.onState("live");
  }

  #next(payload) {
    if (payload.errors) return this.#refused(payload.errors);
    const [event] = Object.values(payload.data);
    // Kept with each event: it is all that a new socket needs to go on, without a gap and without a repeat.
    this.after = event.cursor;
    this.#tries = 0;
    this.options.onEvent(event, this.#isCaughtUp(event));
  }

  // What happened before this socket was there was missed by the last one. A clock that is wrong here marks the wrong
  // events; it does not lose any.
  #isCaughtUp(event) {
    return this.#hasBeenLive && new Date(event.occurredAt) < this.#liveSince;
  }

  #refused(errors) {
    const code = errors[0]?.extensions?.code ?? "INTERNAL";
    if (FINAL_CODES.includes(code)) this.#end(code);
    else this.#tryAgainLater();
  }

  #end(code) {
    this.#leave();
    this.options.onState("ended", code);
  }

  // Each pause is longer than the last, and not the same for everybody: a server that starts again is not met by all of
  // its clients at once.
  #tryAgainLater() {
    this.#leave();
    this.options.onState("waiting");
    const longest = Math.min(LONGEST_PAUSE_SECONDS, 0.5 * 2 ** this.#tries);
    this.#tries += 1;
    this.#after(longest * (0.5 + Math.random() / 2), () => this.connect());
  }

  // A connection can be gone without anybody saying so, as when a laptop slept.
  #waitToPing() {
    this.#clearTimers();
    this.#after(PING_SECONDS, () => {
      this.#say({ type: "ping" });
      this.#after(PONG_SECONDS, () => this.#tryAgainLater());
    });
  }

  #say(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #leave() {
    this.#clearTimers();
    this.#hasBeenLive ||= this.#liveSince !== null;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    // Whatever it still has to say comes too late: the next socket tells it again.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  #after(seconds, work) {
    this.#timers.push(setTimeout(work, seconds * 1000));
  }

  #clearTimers() {
    this.#timers.forEach(clearTimeout);
    this.#timers = [];
  }
}
