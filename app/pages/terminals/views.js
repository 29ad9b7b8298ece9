// An order and a shared order as they are drawn. What can be done is what the server says can be done: there is no rule
// about statuses, owners or roles in here.

import { element } from "./element.js";
import { dayText, moneyText, text, timeText, typeText } from "./texts.js";

/** Draw an order of the list, its details where it is open. */
export function orderRow(terminal, order) {
  const isOpen = terminal.openOrder === order.id;
  const owner = order.owner.id === terminal.board.user.id ? text("you") : order.owner.name;
  const summary = element(
    "button",
    {
      type: "button",
      class: "summary",
      "aria-expanded": String(isOpen),
      "data-key": `open:${order.id}`,
      onclick: () => terminal.toggle(order),
    },
    element("span", { class: "title" }, order.title),
    status(terminal, order),
    element("span", { class: "facts" }, `${typeText(order.type)} · ${order.reference} · ${text("owner", owner)}`),
  );
  const row = element("li", { "data-row": order.id, class: "order" }, summary);
  if (isOpen) row.append(details(terminal, order));
  return row;
}

function details(terminal, order) {
  const share = button(terminal, `share:${order.id}`, text("share"), () => terminal.share(order), "main");
  return element(
    "div",
    { class: "details" },
    facts(order),
    shares(terminal, order),
    element("div", { class: "actions" }, order.viewerCanShare && share, actionButtons(terminal, order.id, order, order)),
    refusal(terminal, order.id),
  );
}

function facts(order) {
  const end = order.expiresAt ? text("until", dayText(order.expiresAt)) : text("noEnd");
  const seats = text("seats", order.sharesClaimed, order.maxShares);
  const all = [moneyText(order.premium), end, seats, text("version", order.version)];
  return element("p", { class: "facts" }, all.join(" · "));
}

function shares(terminal, order) {
  const open = terminal.board.sharesOf(order);
  if (!open.length) return null;
  const lines = open.map((shared) => {
    const { name } = shared.recipient;
    return element(
      "li",
      {},
      element("span", {}, text("sharedTo", name, text(`offerStatuses.${shared.status}`))),
      element(
        "button",
        {
          type: "button",
          class: "plain",
          disabled: terminal.isCut,
          "aria-label": text("revokeFrom", name),
          "data-key": `revoke:${shared.id}`,
          onclick: () => terminal.changeShared("REVOKE", shared, order.id),
        },
        text("revoke"),
      ),
    );
  });
  return element("ul", { class: "shares" }, lines);
}

/** Draw a shared order: the notice to claim it, or the second order that came of it. */
export function sharedCard(terminal, shared) {
  const order = terminal.board.orderOf(shared);
  const isOffer = shared.status === "OFFERED";
  const buttons = isOffer ? offerButtons(terminal, shared) : claimedButtons(terminal, shared, order);
  const kind = text(isOffer ? "claimNotice" : "secondOrder");
  return element(
    "li",
    { "data-row": shared.id, class: `card ${shared.status.toLowerCase()}` },
    element("p", { class: "line" }, element("span", { class: "title" }, order.title), status(terminal, order)),
    element("p", { class: "facts" }, element("span", { class: "kind" }, kind), ` · ${sharedFacts(shared, order)}`),
    element("p", { class: "facts" }, isOffer ? windowText(shared) : text("version", order.version)),
    element(
      "div",
      { class: "foot" },
      shared.message && element("blockquote", {}, shared.message),
      element("div", { class: "actions" }, buttons),
    ),
    refusal(terminal, shared.id),
  );
}

function sharedFacts(shared, order) {
  const came = text(shared.status === "OFFERED" ? "offers" : "sharedBy", shared.sender.name);
  return [came, text(`mayPermissions.${shared.permission}`), order.reference].join(" · ");
}

function windowText({ claimWindow: { opensAt, closesAt } }) {
  return text("window", timeText(opensAt), timeText(closesAt));
}

// The button to claim is there also when the window is not open: the server judges by its own clock, and says why not.
function offerButtons(terminal, shared) {
  const change = (name) => () => terminal.changeShared(name, shared, shared.id);
  return [
    button(terminal, `claim:${shared.id}`, text("claim"), change("CLAIM"), "main"),
    button(terminal, `decline:${shared.id}`, text("decline"), change("DECLINE")),
  ];
}

function claimedButtons(terminal, shared, order) {
  const release = () => terminal.changeShared("RELEASE", shared, shared.id);
  return [
    ...actionButtons(terminal, shared.id, shared, order),
    button(terminal, `release:${shared.id}`, text("release"), release, "plain"),
  ];
}

// `id` is the terminal's own: of the order, or of the shared order through which the recipient acts.
function actionButtons(terminal, id, { availableActions }, order) {
  return availableActions.map((action) =>
    button(terminal, `${action}:${id}`, text(`actions.${action}`), () => terminal.process(id, order, action)),
  );
}

function button(terminal, key, label, onclick, kind = "") {
  return element("button", { type: "button", class: kind, disabled: terminal.isCut, "data-key": key, onclick }, label);
}

function status(terminal, order) {
  const changed = terminal.board.changed.has(order.id) ? " changed" : "";
  return element("span", { class: `badge ${order.status}${changed}` }, text(`orderStatuses.${order.status}`));
}

function refusal(terminal, id) {
  const said = terminal.refusals.get(id);
  return said && element("p", { class: "refusal", role: "alert" }, said);
}
