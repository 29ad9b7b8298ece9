// What a member is told of an event, beside the log: whatever others have done to what is theirs.

import { text } from "./texts.js";

/** Return what to tell the member of an event, as a function that says it in the language of the moment; or null. */
export function noticeOf(board, { __typename, actor, order, sharedOrder, offer, status }) {
  if (!board.concerns({ order, sharedOrder }) || actor?.id === board.user.id) return null;
  if (__typename === "OrderStatusChanged") {
    return () => text("noticeStatus", order.title, text(`orderStatuses.${status}`), actor?.name);
  }
  if (__typename !== "SharedOrderChanged") return null;
  if (offer === "OFFERED") return () => text("noticeOffered", sharedOrder.sender.name, order.title);
  if (offer === "CLAIMED") return () => text("noticeClaimed", sharedOrder.recipient.name, order.title);
  return () => text("noticeWentAway", order.title, text(`offerStatuses.${offer}`));
}
