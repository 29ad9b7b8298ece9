// What every program here needs: where the server is, who asks, and how to tell the test what was seen.

// A program that waits for what never comes is ended; one that is done ends by itself.
const PATIENCE_MILLISECONDS = 60_000
setTimeout(() => {
  console.error('The program waits for something that does not come.')
  process.exit(1)
}, PATIENCE_MILLISECONDS).unref()

// A fault says where it happened, and not all that it holds.
process.on('uncaughtException', (fault) => {
  console.error(fault.stack ?? fault)
  process.exit(1)
})

export const { API, FIRST_TOKEN, SECOND_TOKEN } = process.env

export const bearer = (token) => `Bearer ${token}`

export const socketUrl = (api) => api.replace('http', 'ws')

// Tells the test something, as a line of JSON.
export const say = (value) => console.log(JSON.stringify(value))

// A `fetch` that tells what was asked and how it was answered.
export function recordingFetch(tell) {
  return async (url, init) => {
    const response = await fetch(url, init)
    const asked = init.body ? JSON.parse(init.body) : Object.fromEntries(new URL(url).searchParams)
    const extensions = typeof asked.extensions === 'string' ? JSON.parse(asked.extensions) : asked.extensions
    const { errors } = await response.clone().json()
    tell({
      method: init.method,
      query: 'query' in asked,
      hash: Boolean(extensions?.persistedQuery?.sha256Hash),
      answer: { status: response.status, type: response.headers.get('content-type') },
      codes: errors?.map(({ extensions }) => extensions.code) ?? []
    })
    return response
  }
}

// Turns what calls back into what can be iterated. `observe` takes `{ next, error, complete }` and returns how to stop.
export async function* each(observe) {
  const heard = []
  let over = false
  let fault = null
  let wake = () => {}
  const stop = observe({
    next: (value) => {
      heard.push(value)
      wake()
    },
    error: (error) => {
      fault = error
      over = true
      wake()
    },
    complete: () => {
      over = true
      wake()
    }
  })
  try {
    while (true) {
      while (heard.length > 0) yield heard.shift()
      if (fault) throw fault
      if (over) return
      await new Promise((resolve) => (wake = resolve))
    }
  } finally {
    stop()
  }
}
