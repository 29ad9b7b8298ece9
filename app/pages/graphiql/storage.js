// What GraphiQL keeps from one visit to the next: queries and variables, never a header, for there the token is.

const WITHOUT = /headers/i;

/** A storage for a visit: a demonstration begins each time with tabs that are ready to run. */
export function storageOfOneVisit() {
  const kept = new Map();
  return {
    get length() { return kept.size; },
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
    clear: () => kept.clear(),
  };
}

/** A storage that outlives the visit. */
export function storageWithoutHeaders() {
  const own = (key) => `ordershare:${key}`;
  return {
    get length() { return localStorage.length; },
    getItem: (key) => localStorage.getItem(own(key)),
    setItem: (key, value) => {
      if (key.endsWith("tabState")) localStorage.setItem(own(key), withoutHeaders(value));
      else if (!WITHOUT.test(key) && !key.endsWith("queries") && !key.endsWith("favorites")) {
        localStorage.setItem(own(key), value);
      }
    },
    removeItem: (key) => localStorage.removeItem(own(key)),
    clear: () => {
      for (const key of Object.keys(localStorage)) if (key.startsWith(own(""))) localStorage.removeItem(key);
    },
  };
}

function withoutHeaders(text) {
  // Its `hash` is made of what a tab holds, headers too, and GraphiQL makes a new one where there is none.
  return JSON.stringify(JSON.parse(text), (key, value) => (key === "headers" || key === "hash" ? null : value));
}
