// What a terminal knows of its organisation: filled by queries, kept current by events. It neither asks nor draws.

export class Board {
  #orders = new Map();
  #shared = new Map();
  #page = { ids: [], total: 0, first: 0, info: {} };

  /** The orders whose status has just changed, until they are drawn. */
  changed = new Set();

  /** How many events have come: an answer that was under way meanwhile may be older than they are. */
  heard = 0;

  constructor(user, membership) {
    this.user = user;
    this.organisation = membership.organisation;
    this.role = membership.role;
    this.types = [];
    this.members = [];
  }

  /** Take what is asked for once, at the beginning. */
  begin({ organisation, viewer }) {
    this.types = organisation.orderTypes.toSorted((a, b) => a.priority - b.priority);
    this.members = organisation.members.nodes.map(({ user }) => user);
    viewer.received.nodes.forEach((shared) => this.takeShared(shared));
  }

  /** Take a page of orders; `first` is the place of its first one in the whole list, from 0. */
  takePage(orders, first) {
    orders.nodes.forEach((order) => this.takeOrder(order));
    this.#page = { ids: orders.nodes.map(({ id }) => id), total: orders.totalCount, first, info: orders.pageInfo };
  }

  /** Take an order, unless a newer one is known: a late answer must not undo what an event has told. */
  takeOrder({ sharedOrders, ...order }) {
    const known = this.#orders.get(order.id);
    if (known && known.version > order.version) return;
    if (known && known.status !== order.status) this.changed.add(order.id);
    this.#orders.set(order.id, order);
    sharedOrders?.nodes.forEach((shared) => this.takeShared(shared));
  }

  takeShared(shared) {
    this.takeOrder(shared.order);
    // A viewer in several organisations has shared orders of all of them.
    if (shared.order.organisation.id === this.organisation.id) this.#shared.set(shared.id, shared);
  }

  takeEvent(event) {
    this.heard += 1;
    if (event.order) this.takeOrder(event.order);
    if (event.sharedOrder) this.takeShared(event.sharedOrder);
  }

  get page() {
    return { ...this.#page, orders: this.#page.ids.map((id) => this.#orders.get(id)) };
  }

  /** Return the order that a shared order is linked to: one object for both, so that their status is one. */
  orderOf(shared) {
    return this.#orders.get(shared.order.id);
  }

  /** The second orders: what this member was offered or has claimed, the newest first. */
  get received() {
    return this.#open().filter(({ recipient }) => recipient.id === this.user.id).toReversed();
  }

  /** What others were offered of an order, or hold, as far as this member may see it. */
  sharesOf(order) {
    return this.#open().filter((shared) => shared.order.id === order.id);
  }

  /** Whether an event concerns this member: their order, or one that they have sent or received. */
  concerns({ order, sharedOrder }) {
    if (sharedOrder) return [sharedOrder.sender.id, sharedOrder.recipient.id].includes(this.user.id);
    if (!order) return false;
    return order.owner.id === this.user.id || this.received.some((shared) => shared.order.id === order.id);
  }

  #open() {
    const open = [...this.#shared.values()].filter(({ status }) => ["OFFERED", "CLAIMED"].includes(status));
    return open.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  }
}
