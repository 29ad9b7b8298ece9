// The little that this page needs to make elements. Text goes in as text, never as HTML: titles and messages are what
// other people wrote.

/** Make an element; attributes that are false or null are left out, those named `on…` are listeners. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      made.addEventListener(name.slice(2), value);
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/**
 * Show other children in a place, and leave the keyboard where it was.
 *
 * An event may come while somebody is on a button: the button of the same `data-key` gets the focus, or whatever is
 * left of its `data-row`, so that the next press of Tab goes on from there.
 */
export function showIn(place, ...children) {
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.dataset.key;
  const row = focused?.closest("[data-row]")?.dataset.row;
  place.replaceChildren(...children.flat().filter(Boolean));
  if (!focused) return;
  const rest = [...place.querySelectorAll("[data-row]")].find((each) => each.dataset.row === row);
  const same = [...place.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key);
  (same ?? rest?.querySelector("button, a, summary") ?? place.querySelector("button, a, summary"))?.focus();
}

/** Return the parts of a terminal by the names that `index.html` gives them. */
export function partsOf(root) {
  return Object.fromEntries([...root.querySelectorAll("[data-part]")].map((each) => [each.dataset.part, each]));
}
