// Two terminals on one page. Each is a client by itself; all they share here is the language, and the news of how far
// the log has come, which shows what a terminal misses while it is cut off.

import { demonstration, withCode } from "/demonstration/access.js";
import { Terminal } from "./terminal.js";
import { speak, translate } from "./texts.js";

const SIDES = ["first", "second"];
const main = document.querySelector("main");
const news = { first: 0, second: 0 };
let terminals = [];

function say(language) {
  const spoken = speak(language);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === spoken));
  }
  translate(document);
  for (const terminal of terminals) terminal.translate();
}

// On a narrow screen one terminal is shown at a time; on a wide one this changes nothing.
function show(side) {
  main.dataset.shown = side;
  news[side] = 0;
  for (const button of document.querySelectorAll("[data-show]")) {
    button.setAttribute("aria-pressed", String(button.dataset.show === side));
  }
  drawNews();
}

function drawNews() {
  for (const side of SIDES) document.querySelector(`[data-count=${side}]`).textContent = news[side] || "";
}

function onNews(terminal, event, isNotice) {
  for (const each of terminals) each.logIsAt(terminal.board.organisation.id, event.sequence);
  if (isNotice && main.dataset.shown !== terminal.side) news[terminal.side] += 1;
  drawNews();
}

async function begin() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => say(button.dataset.language));
  }
  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => show(button.dataset.show));
  }
  say(navigator.language);
  const { data, isLocked } = await demonstration();
  if (!data) {
    const said = document.createElement("p");
    said.className = "unloaded";
    said.dataset.text = isLocked ? "locked" : "unloaded";
    main.append(said);
    translate(main);
    return;
  }
  document.querySelector("a[href='/graphql']").href = withCode("/graphql");
  const { people, organisation } = data;
  const template = document.getElementById("terminal").content.firstElementChild;
  terminals = SIDES.map((side) => new Terminal(template.cloneNode(true), side, people, onNews));
  for (const [index, terminal] of terminals.entries()) {
    main.append(terminal.root);
    terminal.translate();
    terminal.signIn(people[index].reference, organisation);
  }
}

begin();
