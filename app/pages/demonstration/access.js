// What the demonstration gives its pages: to a browser that has opened an address as the program printed it, which ends
// with a code. The code is in the fragment, which no browser sends anywhere, and it is kept for this tab alone.

const KEPT_AS = "ordershare:code";

const given = () => new URLSearchParams(location.hash.slice(1)).get("code");

function takeCode() {
  const code = given();
  if (code) {
    sessionStorage.setItem(KEPT_AS, code);
    // Out of the address, before it gets into a screenshot, a bookmark or a message.
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEPT_AS);
}

// Where a page is open already, a pasted address changes the fragment alone.
addEventListener("hashchange", () => given() && location.reload());

/** An address of another page of the demonstration, which opens it also in a new tab. */
export const withCode = (path) => `${path}#code=${encodeURIComponent(sessionStorage.getItem(KEPT_AS) ?? "")}`;

/**
 * Ask for the people, each with a token, and for what to try things with.
 *
 * @returns {Promise<{ data: object | null, isLocked: boolean }>} Without the code of this start of the program it is locked.
 */
export async function demonstration() {
  const code = takeCode();
  if (!code) return { data: null, isLocked: true };
  const answer = await fetch("/demonstration.json", { headers: { "Demonstration-Code": code } }).catch(() => null);
  return { data: answer?.ok ? await answer.json() : null, isLocked: answer?.status === 403 };
}
