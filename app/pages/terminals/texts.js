// Every word of the page, in both languages, and how numbers and times are written in them. Titles, names and messages
// are data: they are shown as people wrote them.

const en = {
  title: "ordershare: two terminals",
  heading: "Two terminals",
  lead: "Two members of one organisation, each with a small client of the GraphQL API. Share an order in one, claim it in the other, and watch both.",
  language: "Language",
  graphiql: "GraphiQL",
  shown: "Terminal shown",
  first: "First terminal",
  second: "Second terminal",
  member: "Member",
  organisation: "Organisation",
  connection: "Connection",
  search: "Search title or reference",
  type: "Type",
  anyType: "All types",
  status: "Status",
  anyStatus: "All statuses",
  orders: "Orders, by type priority",
  noOrders: "No order is like that.",
  paging: "Pages of orders",
  previous: "Previous",
  next: "Next",
  range: (from, to, total) => (total ? `${from} to ${to} of ${total}` : "0"),
  received: "Shared with you",
  nothingReceived: "Nothing yet. What another member shares with you appears here.",
  log: "The log, live",
  nothingHeard: "Nothing has happened since this terminal connected.",
  caughtUp: "caught up",
  cutMark: "Connection cut",
  againMark: "Connected again: what was missed follows",
  states: {
    connecting: "Connecting",
    live: "Live",
    waiting: "Lost, trying again",
    cut: "Cut off",
    ended: "Ended",
  },
  behind: (own, log) => `Cut off after #${own}. The log has gone on to #${log}.`,
  quiet: (own) => `Cut off after #${own}. Nothing has happened since.`,
  cutBefore: "Cut off. What happens now arrives when you connect again.",
  cutOff: "This terminal is cut off. Connect it first.",
  roles: { ADMIN: "Admin", MEMBER: "Member" },
  owner: (name) => `owned by ${name}`,
  you: "you",
  until: (when) => `until ${when}`,
  noEnd: "without end",
  version: (version) => `version ${version}`,
  seats: (taken, all) => `${taken} of ${all} seats taken`,
  share: "Share",
  claim: "Claim",
  decline: "Decline",
  release: "Give back",
  revoke: "Take back",
  revokeFrom: (name) => `Take back from ${name}`,
  claimNotice: "Claim notice",
  secondOrder: "Your second order",
  offers: (sender) => `${sender} offers you this order`,
  sharedBy: (sender) => `${sender} shared this order with you`,
  window: (opens, closes) => `Claim window: ${opens} to ${closes}`,
  shareTitle: "Share an order",
  recipients: "With whom",
  permission: "They may",
  permissions: { VIEW: "follow it", PROCESS: "follow and process it" },
  mayPermissions: { VIEW: "You may follow it", PROCESS: "You may process it" },
  opens: "Claim window opens (empty: now)",
  closes: "Claim window closes (empty: 7 days later)",
  message: "Message",
  send: "Send the offer",
  cancel: "Back",
  note: "Note (may be empty)",
  newEnd: "New end of the cover",
  apply: "Send the result",
  nobodyChosen: "Choose at least one member.",
  sharedTo: (name, status) => `${name}: ${status}`,
  noticeOffered: (sender, title) => `${sender} offers you “${title}”. Claim it.`,
  noticeSent: (names, title) => `“${title}” is offered to ${names}.`,
  noticeStatus: (title, status, who) => `“${title}” is now: ${status}${who ? ` (by ${who})` : ""}.`,
  noticeClaimed: (recipient, title) => `${recipient} has claimed “${title}”.`,
  noticeWentAway: (title, status) => `The offer of “${title}” is now: ${status}.`,
  orderStatuses: {
    PENDING: "Pending", IN_FORCE: "In force", LOSS_REPORTED: "Loss reported", GRACE_PERIOD: "Grace period",
    SUSPENDED: "Suspended", LAPSED: "Lapsed", CANCELLED: "Cancelled",
  },
  offerStatuses: {
    OFFERED: "Offered", CLAIMED: "Claimed", DECLINED: "Declined", RELEASED: "Given back", REVOKED: "Taken back",
    EXPIRED: "Expired",
  },
  actions: {
    ACTIVATE: "Activate", RENEW: "Renew", ENDORSE: "Endorse", REPORT_LOSS: "Report loss", SETTLE_LOSS: "Settle loss",
    REJECT_LOSS: "Reject loss", SUSPEND: "Suspend", REINSTATE: "Reinstate", CANCEL: "Cancel",
  },
  via: { FIRST_ORDER: "first order", SHARED_ORDER: "second order" },
  types: {},
  eventTime: "Time passed",
  eventPlatform: "The order platform",
  events: {
    OrderStatusChanged: (e) => `${e.action ? `${e.action} through the ${e.via}` : "Status"}: ${e.from} → ${e.to}`,
    SharedOrderChanged: (e) => `Shared order of ${e.recipient}: ${e.offer}`,
    OrderImported: () => "Imported",
    MembershipChanged: (e) => (e.role ? `${e.user} is now: ${e.role}` : `${e.user} is no longer a member`),
    SharePolicyChanged: () => "Who may share has changed",
  },
  refused: (reason) => `Refused: ${reason}`,
  refusals: {
    CLAIM_WINDOW_NOT_OPEN: (e) => `the claim window opens only at ${e.opensAt}.`,
    CLAIM_WINDOW_CLOSED: (e) => `the claim window closed at ${e.closesAt}.`,
    SHARES_EXHAUSTED: (e) => `every seat is taken (${e.sharesClaimed} of ${e.maxShares}).`,
    NOT_OFFERED: () => "it is no longer on offer.",
    NOT_CLAIMED: () => "it is no longer claimed.",
    ALREADY_SHARED: () => "it is shared with this member already.",
    OWN_ORDER: () => "the order belongs to this member.",
    ORDER_NOT_SHAREABLE: (e) => "the order cannot be shared as it stands.",
    ACTION_NOT_ALLOWED: (e) => `that is not possible while the order is: ${e.currentStatus}.`,
    VERSION_CONFLICT: (e) => `somebody was faster. The order is now: ${e.currentStatus}, version ${e.currentVersion}.`,
    FORBIDDEN: () => "you may see it, but not do this.",
    NETWORK: () => "the server cannot be reached.",
  },
  ended: { ACCESS_ENDED: "You are no longer a member.", UNAUTHENTICATED: "The token no longer holds: load the page again." },
  locked: "To see two terminals here, open the address that the server printed when it started, with the code at its end.",
  unloaded: "The demonstration's people could not be loaded. Is this page open as http://127.0.0.1?",
};

const zh = {
  title: "ordershare：双终端",
  heading: "双终端",
  lead: "同一组织的两位成员，各用一个小型 GraphQL 客户端。在一个终端共享订单，在另一个终端领取，两边状态同时变化。",
  language: "语言",
  graphiql: "GraphiQL",
  shown: "当前终端",
  first: "第一用户终端",
  second: "第二用户终端",
  member: "成员",
  organisation: "组织",
  connection: "连接",
  search: "搜索标题或编号",
  type: "类型",
  anyType: "全部类型",
  status: "状态",
  anyStatus: "全部状态",
  orders: "订单（按类型优先级）",
  noOrders: "没有符合条件的订单。",
  paging: "订单分页",
  previous: "上一页",
  next: "下一页",
  range: (from, to, total) => (total ? `第 ${from}–${to} 项，共 ${total} 项` : "0"),
  received: "共享给您的订单",
  nothingReceived: "暂无。其他成员共享给您的订单会显示在这里。",
  log: "实时日志",
  nothingHeard: "本终端连接以来没有新事件。",
  caughtUp: "补收",
  cutMark: "连接已断开",
  againMark: "已重新连接，以下补收断开期间的事件",
  states: { connecting: "正在连接", live: "实时", waiting: "连接中断，正在重试", cut: "已断开", ended: "已结束" },
  behind: (own, log) => `断开于 #${own}，日志已到 #${log}。`,
  quiet: (own) => `断开于 #${own}，此后没有新事件。`,
  cutBefore: "已断开。重新连接后会收到期间发生的事件。",
  cutOff: "本终端已断开，请先连接。",
  roles: { ADMIN: "管理员", MEMBER: "成员" },
  owner: (name) => `所有人：${name}`,
  you: "您",
  until: (when) => `有效期至 ${when}`,
  noEnd: "长期有效",
  version: (version) => `版本 ${version}`,
  seats: (taken, all) => `已领取 ${taken}/${all}`,
  share: "共享",
  claim: "领取",
  decline: "谢绝",
  release: "归还",
  revoke: "收回",
  revokeFrom: (name) => `从${name}收回`,
  claimNotice: "领取通知",
  secondOrder: "您的第二共享订单",
  offers: (sender) => `${sender} 向您共享此订单`,
  sharedBy: (sender) => `由 ${sender} 共享给您`,
  window: (opens, closes) => `领取时间段：${opens} 至 ${closes}`,
  shareTitle: "共享订单",
  recipients: "共享给",
  permission: "对方可以",
  permissions: { VIEW: "查看", PROCESS: "查看并处理" },
  mayPermissions: { VIEW: "您可以查看", PROCESS: "您可以处理" },
  opens: "领取开始时间（留空：立即）",
  closes: "领取截止时间（留空：7 天后）",
  message: "留言",
  send: "发送",
  cancel: "返回",
  note: "备注（可留空）",
  newEnd: "新的到期时间",
  apply: "提交处理结果",
  nobodyChosen: "请至少选择一位成员。",
  sharedTo: (name, status) => `${name}：${status}`,
  noticeOffered: (sender, title) => `${sender} 向您共享“${title}”，请领取。`,
  noticeSent: (names, title) => `已将“${title}”共享给 ${names}。`,
  noticeStatus: (title, status, who) => `“${title}”的状态变为：${status}${who ? `（${who}）` : ""}。`,
  noticeClaimed: (recipient, title) => `${recipient} 已领取“${title}”。`,
  noticeWentAway: (title, status) => `“${title}”的共享现为：${status}。`,
  orderStatuses: {
    PENDING: "待生效", IN_FORCE: "保障中", LOSS_REPORTED: "已报案", GRACE_PERIOD: "宽限期", SUSPENDED: "已中止",
    LAPSED: "已失效", CANCELLED: "已退保",
  },
  offerStatuses: {
    OFFERED: "待领取", CLAIMED: "已领取", DECLINED: "已谢绝", RELEASED: "已归还", REVOKED: "已收回", EXPIRED: "已过期",
  },
  actions: {
    ACTIVATE: "生效", RENEW: "续保", ENDORSE: "批改", REPORT_LOSS: "报案", SETTLE_LOSS: "赔付", REJECT_LOSS: "拒赔",
    SUSPEND: "中止", REINSTATE: "复效", CANCEL: "退保",
  },
  via: { FIRST_ORDER: "第一共享订单", SHARED_ORDER: "第二共享订单" },
  types: {
    MEDICAL: "医疗险", CRITICAL_ILLNESS: "重疾险", TERM_LIFE: "定期寿险", ACCIDENT: "意外险", LIABILITY: "责任险",
    HOME: "家财险", VEHICLE: "车险", TRAVEL: "旅行险",
  },
  eventTime: "时间到期",
  eventPlatform: "数据平台",
  events: {
    OrderStatusChanged: (e) => `${e.action ? `${e.action}（${e.via}）` : "状态"}：${e.from} → ${e.to}`,
    SharedOrderChanged: (e) => `${e.recipient} 的共享订单：${e.offer}`,
    OrderImported: () => "导入",
    MembershipChanged: (e) => (e.role ? `${e.user} 现为：${e.role}` : `${e.user} 已不是成员`),
    SharePolicyChanged: () => "共享规则已改变",
  },
  refused: (reason) => `未成功：${reason}`,
  refusals: {
    CLAIM_WINDOW_NOT_OPEN: (e) => `领取时间段从 ${e.opensAt} 开始。`,
    CLAIM_WINDOW_CLOSED: (e) => `领取时间段已于 ${e.closesAt} 结束。`,
    SHARES_EXHAUSTED: (e) => `${e.maxShares} 个名额已全部领取。`,
    NOT_OFFERED: () => "该共享已不可领取。",
    NOT_CLAIMED: () => "该共享已不在领取状态。",
    ALREADY_SHARED: () => "已共享给该成员。",
    OWN_ORDER: () => "该订单属于这位成员。",
    ORDER_NOT_SHAREABLE: () => "订单当前状态不能共享。",
    ACTION_NOT_ALLOWED: (e) => `订单状态为“${e.currentStatus}”，不能这样处理。`,
    VERSION_CONFLICT: (e) => `已有人先处理。订单现为“${e.currentStatus}”，版本 ${e.currentVersion}。`,
    FORBIDDEN: () => "您可以查看，但不能这样操作。",
    NETWORK: () => "无法连接服务器。",
  },
  ended: { ACCESS_ENDED: "您已不是该组织的成员。", UNAUTHENTICATED: "令牌已失效，请重新打开页面。" },
  locked: "请打开服务器启动时打印的网址（末尾带有代码），即可在此看到两个终端。",
  unloaded: "无法载入演示成员。请确认以 http://127.0.0.1 打开本页。",
};

export const LANGUAGES = { en, "zh-CN": zh };
const TIME = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
let language = "en";

/** Speak a language from now on; whatever is not Chinese is English. */
export function speak(wanted) {
  language = wanted.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
  document.documentElement.lang = language;
  document.title = text("title");
  return language;
}

/** Return a text by its name, such as `states.live`; one that takes values is given them. */
export function text(name, ...values) {
  const found = name.split(".").reduce((texts, part) => texts?.[part], LANGUAGES[language]);
  return typeof found === "function" ? found(...values) : found;
}

/** Write the texts of an element's children that name theirs in the document. */
export function translate(root) {
  for (const each of root.querySelectorAll("[data-text]")) each.textContent = text(each.dataset.text);
  for (const each of root.querySelectorAll("[data-label]")) each.setAttribute("aria-label", text(each.dataset.label));
  for (const each of root.querySelectorAll("[data-placeholder]")) each.placeholder = text(each.dataset.placeholder);
}

/** Write an instant, with its year where that is not this one. */
export function timeText(instant) {
  const then = new Date(instant);
  const isThisYear = then.getFullYear() === new Date().getFullYear();
  return then.toLocaleString(language, isThisYear ? TIME : { ...TIME, year: "numeric" });
}

export const clockText = (instant) => new Date(instant).toLocaleTimeString(language, { hour12: false });
export const dayText = (instant) => new Date(instant).toLocaleDateString(language, { dateStyle: "medium" });
export const typeText = (type) => text(`types.${type.code}`) ?? type.name;
export const namesText = (names) => new Intl.ListFormat(language).format(names);

/** Write an amount that comes in minor units, of which not every currency has a hundred. */
export function moneyText({ amountMinor, currency }) {
  const format = new Intl.NumberFormat(language, { style: "currency", currency });
  return format.format(amountMinor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** Say why something was refused: by its code and data in the reader's language, else in the server's own words. */
export function refusalText(refusal) {
  const told = { ...refusal };
  for (const name of ["opensAt", "closesAt"]) told[name] = refusal[name] && timeText(refusal[name]);
  told.currentStatus = refusal.currentStatus && text(`orderStatuses.${refusal.currentStatus}`);
  return text("refused", text(`refusals.${refusal.code}`, told) ?? refusal.message);
}
