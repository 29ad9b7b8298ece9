// What every program here needs: where the server is, who asks, and how to tell the test what was seen.

// A program that waits for what never comes is ended; one that is done ends by itself.
const PATIENCE_MILLISECONDS = 60_000
setTimeout(() => {
  console.error('The program waits for something that does not come.')
  process.exit(1)
}, PATIENCE_MILLISECONDS).unref()

export const { API, FIRST_TOKEN, SECOND_TOKEN } = process.env

export const bearer = (token) => `Bearer ${token}`

export const socketUrl = (api) => api.replace('http', 'ws')

// Tells the test something, as a line of JSON.
export const say = (value) => console.log(JSON.stringify(value))

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
