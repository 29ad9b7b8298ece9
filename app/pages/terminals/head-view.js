// The top of a terminal: who it is, whether it is connected, and what the list can be filtered by.

import { element } from "./element.js";
import { text, typeText } from "./texts.js";

export function drawHead(terminal) {
  const { board, parts, isCut } = terminal;
  const { heading, state, cut, notice, role, member, organisation } = parts;
  heading.textContent = text(terminal.side);
  terminal.root.setAttribute("aria-label", text(terminal.side));
  terminal.root.dataset.state = terminal.state;
  state.textContent = text(`states.${terminal.state}`);
  parts.switch.setAttribute("aria-checked", String(!isCut));
  member.disabled = organisation.disabled = isCut;
  organisation.hidden = organisation.options.length < 2;
  const names = board ? [organisation.hidden && board.organisation.name, text(`roles.${board.role}`)] : [];
  role.textContent = names.filter(Boolean).join(" · ");
  cut.hidden = !isCut;
  cut.textContent = behindText(terminal);
  const said = terminal.notice?.() ?? "";
  // What is written again is read out again.
  if (notice.textContent !== said) notice.textContent = said;
}

// A terminal that is cut off hears nothing; the page tells it how far the log has come in the other one.
function behindText({ log, logEnd }) {
  const own = log.sequence ?? 0;
  if (!logEnd) return text("cutBefore");
  return own === logEnd ? text("quiet", own) : text("behind", own, logEnd);
}

/** Offer the organisation's types and all statuses to choose from, and keep what is chosen. */
export function fillFilters({ type, status }, types) {
  const chosen = [type.value, status.value];
  const kinds = types.map((each) => [each.code, typeText(each)]);
  const option = ([value, label]) => element("option", { value }, label);
  type.replaceChildren(...[["", text("anyType")], ...kinds].map(option));
  status.replaceChildren(...[["", text("anyStatus")], ...Object.entries(text("orderStatuses"))].map(option));
  [type.value, status.value] = chosen;
}
