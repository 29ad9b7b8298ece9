// One member's terminal: what it knows, what it asks, and what its buttons do.

import { Board } from "./board.js";
import { askToProcess, askToShare } from "./dialogs.js";
import * as documents from "./documents.js";
import { element, partsOf, showIn } from "./element.js";
import { GraphQLClient } from "./graphql-client.js";
import { drawHead, fillFilters } from "./head-view.js";
import { LiveLog } from "./live-log.js";
import { LogView } from "./log-view.js";
import { noticeOf } from "./notices.js";
import { namesText, refusalText, text, translate } from "./texts.js";
import { orderRow, sharedCard } from "./views.js";

const PAGE_SIZE = 8;
const TYPING_MILLISECONDS = 250;

export class Terminal {
  #live = null;
  #turn = 0;
  #loads = 0;
  #typing = null;
  #isToBeDrawn = false;

  /** What was refused, by the id of the order or shared order that it was asked of. */
  refusals = new Map();
  openOrder = null;
  state = "connecting";

  /** What the member was told last, as a function that says it in the language of the moment. */
  notice = null;

  /** How far the log of the organisation has come, as far as anybody on this page knows. */
  logEnd = 0;

  /**
   * @param {HTMLElement} root What `index.html` has in its template.
   * @param {"first"|"second"} side
   * @param {object[]} people Who can be chosen.
   * @param {(terminal: Terminal) => void} onNews Told of each event and each notice.
   */
  constructor(root, side, people, onNews) {
    this.root = root;
    this.side = side;
    this.people = people;
    this.onNews = onNews;
    this.parts = partsOf(root);
    this.log = new LogView(this.parts.log);
    root.dataset.side = side;
    this.parts.member.append(...people.map(({ reference, name }) => element("option", { value: reference }, name)));
    this.#listen();
  }

  /** Sign a person in, and show an organisation: the wanted one where they belong to it, else their first. */
  async signIn(reference, wanted) {
    this.#leave();
    const turn = this.#turn;
    this.parts.member.value = reference;
    this.client = new GraphQLClient(this.people.find((each) => each.reference === reference).token);
    await this.#guard(async () => {
      const { viewer } = await this.client.ask(documents.VIEWER);
      if (turn !== this.#turn) return;
      this.viewer = viewer;
      const memberships = viewer.memberships;
      const options = memberships.map(({ organisation: { id, name } }) => element("option", { value: id }, name));
      this.parts.organisation.replaceChildren(...options);
      await this.#open(memberships.find(({ organisation }) => organisation.id === wanted) ?? memberships[0]);
    });
  }

  // First the log's cursor, then what is shown, then the log from the cursor on: in this order nothing is missed.
  async #open(membership) {
    this.#leave();
    const turn = this.#turn;
    const board = new Board(this.viewer.user, membership);
    const organisation = membership.organisation.id;
    const data = await this.client.ask(documents.BOARD, { organisation });
    if (turn !== this.#turn) return;
    board.begin(data);
    this.board = board;
    this.parts.organisation.value = organisation;
    fillFilters(this.parts, this.board?.types ?? []);
    await this.#load({ first: PAGE_SIZE }, 0);
    if (turn !== this.#turn) return;
    this.#live = new LiveLog({
      authorization: this.client.authorization,
      document: documents.EVENTS,
      organisation,
      after: data.organisation.logCursor,
      onEvent: (event, isCaughtUp) => this.#hear(event, isCaughtUp),
      onState: (state, code) => this.#become(state, code),
    });
    this.#live.connect();
  }

  #leave() {
    this.#turn += 1;
    this.#live?.stop();
    this.#live = null;
    this.board = null;
    this.openOrder = null;
    this.notice = null;
    this.logEnd = 0;
    this.refusals.clear();
    this.log.clear();
    this.#become("connecting");
  }

  async #load(page, first) {
    const load = (this.#loads += 1);
    const { board } = this;
    const { heard } = board;
    const organisation = board.organisation.id;
    const { organisation: found } = await this.client.ask(documents.ORDERS, { organisation, where: this.#where(), ...page });
    if (load !== this.#loads || board !== this.board) return;
    board.takePage(found.orders, first);
    this.draw();
    // What came while the answer was under way may be newer than the answer: ask once more.
    if (heard !== board.heard) await this.#load(page, first);
  }

  #where() {
    const { search, type, status } = Object.fromEntries(new FormData(this.parts.filters));
    return { search: search || null, types: type ? [type] : null, statuses: status ? [status] : null };
  }

  #hear(event, isCaughtUp) {
    this.board.takeEvent(event);
    this.log.add(event, isCaughtUp);
    this.logEnd = Math.max(this.logEnd, event.sequence);
    const notice = noticeOf(this.board, event);
    if (notice) this.notice = notice;
    this.onNews(this, event, Boolean(notice));
    // A new order, or a filter by what has changed: the page as a whole may be another one.
    if (event.__typename === "OrderImported" || (event.status && this.#where().statuses)) this.#loadFrom("start");
    this.draw();
  }

  #become(state, code) {
    if (state === "cut") this.log.mark("cut");
    if (state === "live" && ["cut", "waiting"].includes(this.state)) this.log.mark("again");
    // On the way from one try to the next it is still the same loss.
    if (!(state === "connecting" && this.state === "waiting")) this.state = state;
    if (code === "CURSOR_INVALID") this.#guard(() => this.#open(this.#membership()));
    else if (code) this.notice = () => text(`ended.${code}`) ?? code;
    this.draw();
  }

  #membership() {
    const { value } = this.parts.organisation;
    return this.viewer.memberships.find(({ organisation }) => organisation.id === value);
  }

  get isCut() {
    return this.state === "cut";
  }

  /** Hear from the page how far another terminal of the organisation has come: one that is cut off cannot know. */
  logIsAt(organisation, sequence) {
    if (this.board?.organisation.id !== organisation) return;
    this.logEnd = Math.max(this.logEnd, sequence);
    if (this.isCut) this.draw();
  }

  toggle(order) {
    this.openOrder = this.openOrder === order.id ? null : order.id;
    this.refusals.delete(order.id);
    this.draw();
  }

  async share(order) {
    const { user, members } = this.board;
    const others = members.filter(({ id }) => id !== user.id && id !== order.owner.id);
    await askToShare(order, others, (input) =>
      this.#try(async () => {
        const answer = await this.client.change(documents.SHARE, { orderId: order.id, ...input });
        answer.sharedOrders.forEach((shared) => this.board.takeShared(shared));
        const names = answer.sharedOrders.map(({ recipient }) => recipient.name);
        if (names.length) this.notice = () => text("noticeSent", namesText(names), order.title);
        return answer.userErrors.map((refusal) => {
          const name = others.find(({ id }) => id === input.recipientIds[refusal.path[2]])?.name;
          return name ? text("sharedTo", name, refusalText(refusal)) : refusalText(refusal);
        });
      }),
    );
    this.#focus(`share:${order.id}`, order.id);
  }

  /** Send a result through `id`, of the order or of the shared order, for the version that is shown. */
  async process(id, order, action) {
    await askToProcess(order, action, (input) =>
      this.#try(async () => {
        const asked = { orderId: id, action, expectedVersion: order.version, ...input };
        const answer = await this.client.change(documents.PROCESS, asked);
        if (answer.order) this.board.takeOrder(answer.order);
        if (answer.order) this.#settle(id);
        return answer.userErrors.map(refusalText);
      }),
    );
    this.#focus(`${action}:${id}`, id);
  }

  /** Claim, decline, release or revoke; a refusal is told at the place `where` it was asked for. */
  async changeShared(name, shared, where) {
    const refusals = await this.#try(async () => {
      const answer = await this.client.change(documents[name], { sharedOrderId: shared.id });
      if (answer.sharedOrder) this.board.takeShared(answer.sharedOrder);
      return answer.userErrors.map(refusalText);
    });
    if (refusals.length) this.refusals.set(where, refusals.join(" "));
    else this.#settle(where);
    this.draw();
  }

  // What is done needs no notice and no refusal any more.
  #settle(id) {
    this.notice = null;
    this.refusals.delete(id);
  }

  // Return why it was refused, also where the request failed as a whole.
  async #try(work) {
    try {
      return this.isCut ? [text("cutOff")] : await work();
    } catch (fault) {
      return [refusalText(fault)];
    } finally {
      this.draw();
    }
  }

  async #guard(work) {
    const refusals = await this.#try(async () => {
      await work();
      return [];
    });
    if (refusals.length) this.notice = () => refusals[0];
    this.draw();
  }

  #loadFrom(where) {
    const { info, first, orders } = this.board.page;
    const pages = {
      start: [{ first: PAGE_SIZE }, 0],
      next: [{ first: PAGE_SIZE, after: info.endCursor }, first + orders.length],
      previous: [{ last: PAGE_SIZE, before: info.startCursor }, Math.max(0, first - PAGE_SIZE)],
    };
    return this.#guard(() => this.#load(...pages[where]));
  }

  #listen() {
    const { member, organisation, filters, previous, next } = this.parts;
    member.addEventListener("change", () => this.signIn(member.value, this.board?.organisation.id));
    organisation.addEventListener("change", () => this.#guard(() => this.#open(this.#membership())));
    filters.addEventListener("submit", (submitted) => submitted.preventDefault());
    filters.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.board && this.#loadFrom("start"), TYPING_MILLISECONDS);
    });
    previous.addEventListener("click", () => this.#loadFrom("previous"));
    next.addEventListener("click", () => this.#loadFrom("next"));
    this.parts.switch.addEventListener("click", () => (this.isCut ? this.#live?.connect() : this.#live?.cut()));
  }

  /** Write everything anew in the language that is spoken now. */
  translate() {
    translate(this.root);
    fillFilters(this.parts, this.board?.types ?? []);
    this.log.draw();
    this.draw();
  }

  /** Draw what is known, once for all that changes in one go. */
  draw() {
    if (this.#isToBeDrawn) return;
    this.#isToBeDrawn = true;
    queueMicrotask(() => {
      this.#isToBeDrawn = false;
      drawHead(this);
      if (this.board) this.#drawBoard();
    });
  }

  #drawBoard() {
    const { received, orders, range, previous, next } = this.parts;
    const cards = this.board.received.map((shared) => sharedCard(this, shared));
    showIn(received, cards.length ? cards : element("li", { class: "empty" }, text("nothingReceived")));
    const page = this.board.page;
    const rows = page.orders.map((order) => orderRow(this, order));
    showIn(orders, rows.length ? rows : element("li", { class: "empty" }, text("noOrders")));
    range.textContent = text("range", page.first + 1, page.first + page.orders.length, page.total);
    previous.disabled = this.isCut || !page.info.hasPreviousPage;
    next.disabled = this.isCut || !page.info.hasNextPage;
    for (const control of this.parts.filters.elements) control.disabled = this.isCut;
    this.board.changed.clear();
  }

  // What opened a dialog may have been drawn again since, or be gone.
  #focus(key, row) {
    const find = (name, value) => [...this.root.querySelectorAll(`[data-${name}]`)].find((each) => each.dataset[name] === value);
    (find("key", key) ?? find("row", row)?.querySelector("button"))?.focus();
  }
}
