// The log as lines: each with its sequence number, and a mark where it was missed and has been caught up.

import { element } from "./element.js";
import { clockText, text } from "./texts.js";

const MOST_LINES = 200;

export class LogView {
  #lines = [];

  constructor(list) {
    this.list = list;
  }

  /** The sequence number of the last event; undefined before the first. */
  get sequence() {
    return this.#lines.findLast(({ event }) => event)?.event.sequence;
  }

  clear() {
    this.#lines = [];
    this.draw();
  }

  add(event, isCaughtUp) {
    this.#append({ event, isCaughtUp });
  }

  /** Note something that is no event: `cut` or `again`. */
  mark(name) {
    this.#append({ mark: `${name}Mark` });
  }

  draw() {
    const nothing = element("li", { class: "mark" }, text("nothingHeard"));
    this.list.replaceChildren(...(this.#lines.length ? this.#lines.map(lineOf) : [nothing]));
    this.list.scrollTop = this.list.scrollHeight;
  }

  #append(line) {
    this.#lines = [...this.#lines, line].slice(-MOST_LINES);
    this.draw();
  }
}

function lineOf({ event, isCaughtUp, mark }) {
  if (mark) return element("li", { class: "mark" }, text(mark));
  return element(
    "li",
    { "data-sequence": event.sequence, "data-caught-up": String(isCaughtUp) },
    element("span", { class: "sequence" }, `#${event.sequence}`),
    element("time", { datetime: event.occurredAt }, clockText(event.occurredAt)),
    element(
      "span",
      { class: "what" },
      isCaughtUp && element("span", { class: "caught" }, text("caughtUp")),
      element("b", {}, whoDid(event)),
      " ",
      sentenceOf(event),
      event.order && element("span", { class: "about" }, ` · ${event.order.title}`),
    ),
  );
}

// The fields of the event itself say what it was; its nested order may be newer already.
function sentenceOf(event) {
  const { reason } = event;
  return text(`events.${event.__typename}`, {
    action: reason?.action && text(`actions.${reason.action}`),
    via: reason?.via && text(`via.${reason.via}`),
    from: event.previousStatus && text(`orderStatuses.${event.previousStatus}`),
    to: event.status && text(`orderStatuses.${event.status}`),
    recipient: event.sharedOrder?.recipient.name,
    offer: event.offer && text(`offerStatuses.${event.offer}`),
    user: event.user?.name,
    role: event.role && text(`roles.${event.role}`),
  }) ?? event.__typename;
}

function whoDid(event) {
  if (event.actor) return event.actor.name;
  const isByTime = event.reason?.cause === "TIME" || event.offer === "EXPIRED";
  return text(isByTime ? "eventTime" : "eventPlatform");
}
