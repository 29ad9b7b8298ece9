// The two forms: sharing an order, and sending a result. <dialog> keeps the keyboard inside, and Escape closes it.

import { element } from "./element.js";
import { text } from "./texts.js";

/**
 * Ask with whom an order is shared, and how.
 *
 * @param {object[]} members Who can be chosen.
 * @param {(input: object) => Promise<string[]>} send Sends what was filled in; answers why it was refused.
 */
export function askToShare(order, members, send) {
  const fields = [
    choices("recipients", "checkbox", members.map(({ id, name }) => [id, name])),
    choices("permission", "radio", ["PROCESS", "VIEW"].map((each) => [each, text(`permissions.${each}`)]), "PROCESS"),
    field(text("opens"), element("input", { type: "datetime-local", name: "opensAt" })),
    field(text("closes"), element("input", { type: "datetime-local", name: "closesAt" })),
    field(text("message"), element("textarea", { name: "message", rows: 2, maxlength: 500 })),
  ];
  return open(text("shareTitle"), order.title, fields, text("send"), (form) => {
    const recipientIds = form.getAll("recipients");
    if (!recipientIds.length) return [text("nobodyChosen")];
    const claimWindow = { opensAt: instant(form.get("opensAt")), closesAt: instant(form.get("closesAt")) };
    return send({ recipientIds, permission: form.get("permission"), message: form.get("message") || null, claimWindow });
  });
}

/** Ask for what goes with an action, and send it. */
export function askToProcess(order, action, send) {
  const end = element("input", { type: "datetime-local", name: "newExpiresAt", required: true });
  const fields = [
    action === "RENEW" && field(text("newEnd"), end),
    field(text("note"), element("textarea", { name: "note", rows: 2, maxlength: 500 })),
  ];
  return open(text(`actions.${action}`), order.title, fields, text("apply"), (form) =>
    send({ newExpiresAt: instant(form.get("newExpiresAt")), note: form.get("note") || null }),
  );
}

// A field of this kind holds local time without a zone; the API takes instants.
const instant = (local) => (local ? new Date(local).toISOString() : null);

const field = (label, control) => element("label", { class: "field" }, element("span", {}, label), control);

function choices(name, type, options, chosen) {
  const labels = options.map(([value, label]) =>
    element("label", {}, element("input", { type, name, value, checked: value === chosen }), label),
  );
  return element("fieldset", {}, element("legend", {}, text(name)), labels);
}

function open(title, subtitle, fields, label, send) {
  const problems = element("div", { role: "alert", class: "problems" });
  const dialog = element(
    "dialog",
    { "aria-label": `${title}: ${subtitle}` },
    element(
      "form",
      { method: "dialog" },
      element("h2", {}, title),
      element("p", { class: "subtitle" }, subtitle),
      fields,
      problems,
      element(
        "div",
        { class: "actions" },
        element("button", { class: "main" }, label),
        element("button", { type: "button", onclick: () => dialog.close() }, text("cancel")),
      ),
    ),
  );
  dialog.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    submit(dialog, problems, send);
  });
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    }),
  );
}

async function submit(dialog, problems, send) {
  const main = dialog.querySelector("button.main");
  main.disabled = true;
  const refusals = await send(new FormData(dialog.querySelector("form")));
  main.disabled = false;
  problems.replaceChildren(...refusals.map((each) => element("p", { class: "refusal" }, each)));
  if (refusals.length) main.focus();
  else dialog.close();
}
